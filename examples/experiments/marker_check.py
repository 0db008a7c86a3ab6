# SPDX-License-Identifier: BSD-3-Clause
"""Figures of the marker check of cellseg_segment() for suitable and unsuitable markers, all data sets. Into docs/defaults.md."""

from common import HUMAN, UNSUITABLE_MARKERS, arguments, files_of, mean, put_section, read, table

MIN_CELLS = 15  # the marker check needs as many


def measure(data, source, limit):
    """The report of each image, with the default options."""
    import cellseg
    import cellseg._lowlevel as c
    from cellseg._arrays import array_from_image

    model, reports = cellseg.Model.default(), []
    for path in files_of(data, source, limit):
        image = read(path, source.pixel_size_um)
        pixels, pixel_size_um = array_from_image(image), c.image_pixel_size_um(image)
        reports.append(cellseg.segment(pixels, pixel_size_um, model=model, report=True, channel=source.channel)[-1])
    return reports


def row(name, reports):
    """Ranges of the figures over the images with enough cells; numbers of images and warnings and mean number of cells, of all."""
    checked = [report for report in reports if report.marker_cells >= MIN_CELLS]
    spans = []
    for figure in "marker_contrast", "nuclei_confidence", "marker_share":
        values = sorted(getattr(report, figure) for report in checked)
        spans.append(f"{values[0]:.2f} to {values[-1]:.2f}" if values else f"fewer than {MIN_CELLS} cells")
    warnings = sum(report.marker_verdict != "fits" for report in reports)
    return [name, len(reports), *spans, warnings, f"{mean(report.cells for report in reports):.0f}"]


def main():
    given = arguments(__doc__)
    titles = ["data set", "images", "contrast", "confidence", "share", "warnings", "cells per image"]
    sections = []
    suitable = [HUMAN["train"], HUMAN["val"], *given.suitable]
    unsuitable = UNSUITABLE_MARKERS[:2] if given.quick else UNSUITABLE_MARKERS
    for heading, sources in (("Suitable", suitable), ("Unsuitable", unsuitable)):
        reports = {}
        for source in sources:
            reports.setdefault(source.name, []).extend(measure(given.data, source, given.limit))
        sections.append(f"{heading} markers:\n\n" + table(titles, [row(name, images) for name, images in reports.items()]))
    put_section(given.docs / "defaults.md", "marker_check", "\n" + "\n".join(sections) + "\n")


if __name__ == "__main__":
    main()
