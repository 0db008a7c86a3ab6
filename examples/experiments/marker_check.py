# SPDX-License-Identifier: BSD-3-Clause
"""Figures of the marker check of cellseg_segment() for suitable and unsuitable markers, all data sets. Into docs/defaults.md."""

import ctypes
import re

from common import HUMAN, UNSUITABLE_MARKERS, arguments, files_of, put_section, read, table


def measure(data, source, limit):
    """(contrast, confidence, share, cells, warned) of each image, with the default options."""
    import cellseg
    import cellseg._lowlevel as c

    model, found = cellseg.Model.default(), []
    for image in files_of(data, source, limit):
        lines = []
        context = cellseg.Context(log=lambda _level, message: lines.append(message))
        options, cells = c.segment_options(), c.Labels()
        c.segment_options_init(options, ctypes.sizeof(options))
        options.channel = source.channel
        c.segment(cells, None, None, context._handle, model._handle, read(image, source.pixel_size_um), options)
        text = "\n".join(lines)
        figures = re.search(r"contrast of \d+ nuclei (\S+), (?:sureness|confidence) (\S+), share (\S+)", text)
        values = tuple(map(float, figures.groups())) if figures else (None, None, None)
        found.append((*values, c.labels_max_id(cells), "the marker" in text))
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
