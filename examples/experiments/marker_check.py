# SPDX-License-Identifier: BSD-3-Clause
"""Figures of the marker check of cellseg_segment() for suitable and unsuitable markers, all data sets. Into docs/defaults.md."""

from common import HUMAN, UNSUITABLE_MARKERS, arguments, files_of, put_section, read, table

CHECKED_CELLS = 15  # fewer give no verdict


def measure(data, source, limit):
    """(contrast, confidence, share, cells, warned) of each image, with the default options."""
    import cellseg
    import cellseg._lowlevel as c
    from cellseg._options import struct_of

    model, found = cellseg.Model.default(), []
    options = struct_of(c.segment_options, {"channel": source.channel})
    for image in files_of(data, source, limit):
        cells, report = c.Labels(), c.segment_report()
        c.segment(cells, None, None, report, None, model._handle, read(image, source.pixel_size_um), options)
        figures = report.marker_contrast, report.nuclei_confidence, report.marker_share
        checked = report.marker_cells >= CHECKED_CELLS
        warned = report.marker_verdict != c.VERDICT_SUITABLE
        found.append((*(figures if checked else (None, None, None)), report.cells, warned))
    return found


def row(name, found):
    """Ranges of the figures over the images with enough cells; numbers of images and warnings and mean number of cells, of all."""
    spans = []
    for i in 0, 1, 2:
        values = sorted(image[i] for image in found if image[i] is not None)
        spans.append(f"{values[0]:.2f} to {values[-1]:.2f}" if values else "fewer than 15 cells")
    cells = sum(image[3] for image in found) / len(found)
    return [name, len(found), *spans, sum(image[4] for image in found), f"{cells:.0f}"]


def main():
    given = arguments(__doc__)
    titles = ["data set", "images", "contrast", "confidence", "share", "warnings", "cells per image"]
    sections = []
    suitable = [HUMAN["train"], HUMAN["val"], *given.suitable]
    unsuitable = UNSUITABLE_MARKERS[:2] if given.quick else UNSUITABLE_MARKERS
    for heading, sources in (("Suitable", suitable), ("Unsuitable", unsuitable)):
        found = {}
        for source in sources:
            found.setdefault(source.name, []).extend(measure(given.data, source, given.limit))
        sections.append(f"{heading} markers:\n\n" + table(titles, [row(name, images) for name, images in found.items()]))
    put_section(given.docs / "defaults.md", "marker_check", "\n" + "\n".join(sections) + "\n")


if __name__ == "__main__":
    main()
