# SPDX-License-Identifier: BSD-3-Clause
"""Which markers fit: the figures of the test that cellseg_segment() makes, over all data sets. Into docs/defaults.md."""

import ctypes
import re

from common import HUMAN, NOT_FITTING, arguments, files_of, put_section, read, table


def measure(data, source, limit):
    """(contrast, sureness, share, cells, warned) of each image; cells are those that are kept with the default options."""
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
        figures = re.search(r"contrast of \d+ nuclei (\S+), sureness (\S+), share (\S+)", text)
        values = tuple(map(float, figures.groups())) if figures else (None, None, None)
        found.append((*values, c.labels_max_id(cells), "the marker" in text))
    return found


def row(name, found):
    """Of the images with enough cells for the test: the range of the figures; of all: how many, how many warned of, cells."""
    spans = []
    for i in 0, 1, 2:
        values = sorted(image[i] for image in found if image[i] is not None)
        spans.append(f"{values[0]:.2f} to {values[-1]:.2f}" if values else "fewer than 15 cells")
    cells = sum(image[3] for image in found) / len(found)
    return [name, len(found), *spans, sum(image[4] for image in found), f"{cells:.0f}"]


def main():
    given = arguments(__doc__)
    titles = ["data set", "images", "contrast", "sureness", "share", "warned of", "cells per image, kept"]
    parts = []
    not_fitting = NOT_FITTING[:2] if given.quick else NOT_FITTING
    for heading, sources in (("fits", [HUMAN["train"], HUMAN["val"], *given.fitting]), ("does not fit", not_fitting)):
        found = {}
        for source in sources:
            found.setdefault(source.name, []).extend(measure(given.data, source, given.limit))
        parts.append(f"The marker {heading}:\n\n" + table(titles, [row(name, images) for name, images in found.items()]))
    put_section(given.docs / "defaults.md", "marker_fit", "\n" + "\n".join(parts) + "\n")


if __name__ == "__main__":
    main()
