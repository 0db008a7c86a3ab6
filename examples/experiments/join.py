# SPDX-License-Identifier: BSD-3-Clause
"""The coefficients by which a model's cells are joined, fitted to its maps; run after each training. Into docs/experiments.md.

A border between two cells that were found is an example: do both nuclei lie in one true cell? The truth is manual outlines for N2A
cells (train and val) and the two-channel method for the other folders, which cuts every cell of two nuclei. A logistic regression
of the terms of docs/model-format.md, "joining", gives the coefficients; all data sets weigh the same. WORK/joined.cellseg is the model with these coefficients, all else unchanged. The table compares the cells of both
and of no joining, on val and on the folders. Maps are kept in WORK: a further fit takes seconds. No training.
"""

import json

import numpy as np
from common import HUMAN, Path, arguments, evaluate, gather, markers, mean_of, put_section, read, segment, table

TERMS = ("constant", "distance", "marker", "nucleus", "confidence", "area_ratio")
MIN_PAIRS = 6  # of adjacent pixels; fewer are no border, as in lib/segment/join.c
DECIMALS = 1  # of a coefficient
OPTIONS = {
    "--model": {"type": Path, "help": "a model file (default: the default model)"},
    "--coefficients": {"type": float, "nargs": len(TERMS), "metavar": TERMS, "help": "in place of those that would be fitted"},
}


def gather_sets(given):
    sources = [HUMAN["train"], HUMAN["val"], *given.suitable]
    return {source.name: gather(given.work / source.name, given.data, [source], given.limit) for source in sources}


# ---- borders ----


def maps_of(given, image, image_pixel_size_um, path, model):
    """The model's maps and their pixel size, computed once."""
    import cellseg

    stored = given.work / "maps" / f"{path.stem}-{model.hash:016x}.npz"
    if not stored.exists():
        stored.parent.mkdir(exist_ok=True)
        maps, pixel_size_um = cellseg.segment_maps(image, image_pixel_size_um, model=model)
        np.savez(stored, maps=maps, pixel_size_um=pixel_size_um)
    kept = np.load(stored)
    return kept["maps"], float(kept["pixel_size_um"])


def scaled_marker(image, pixel_size_um):
    """The smoothed marker at the maps' scale, as the cells step scales it, but for the limit of the noise."""
    import cellseg

    options = {option.name: option.default for option in cellseg.options("segment")}
    edge = int(options["top_hat_um"] / pixel_size_um) | 1
    top_hat = cellseg.morph.white_top_hat(image, tuple(min(edge, length) for length in image.shape))
    low, high = cellseg.filter.percentiles(top_hat, [1, 99.8])
    scaled = np.clip((top_hat - low) / max(high - low, 1e-6), 0, 1)
    return cellseg.filter.gaussian(scaled.astype(np.float32), options["cell_sigma_um"] / pixel_size_um).astype(np.float64)


def pairs_of(cells, *planes):
    """Every pair of adjacent pixels of two cells: (smaller id, larger id), then the two values of each plane."""
    found = []
    for first, second in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        a, b = cells[first], cells[second]
        at = (a != b) & (a > 0) & (b > 0)
        values = [plane[side][at] for plane in planes for side in (first, second)]
        found.append(np.array([np.minimum(a, b)[at], np.maximum(a, b)[at], *values], np.float64))
    return np.concatenate(found, axis=1)


def terms_of(maps, marker, cells, nuclei):
    """(ids, terms) of every border, a row each: two ids, and the values of TERMS."""
    smaller, larger, *values = pairs_of(cells, maps[3], marker, maps[0])
    ids, border = np.unique(np.array([smaller, larger], np.int64), axis=1, return_inverse=True)
    count = np.bincount(border.ravel(), minlength=ids.shape[1])
    pixels = (values[0] + values[1]) / 2, (values[2] + values[3]) / 2, np.minimum(values[4], values[5])
    distance, bright, nucleus = (np.bincount(border.ravel(), v, ids.shape[1]) / np.maximum(count, 1) for v in pixels)
    area = np.bincount(nuclei.ravel(), minlength=cells.max() + 1)
    sure = np.bincount(nuclei.ravel(), maps[0].ravel(), cells.max() + 1) / np.maximum(area, 1)
    median = np.array([np.median(marker[cells == i]) if i else 0 for i in range(cells.max() + 1)])
    dimmer, less_sure = (np.minimum(v[ids[0]], v[ids[1]]) for v in (median, sure))
    ratio = np.minimum(*area[ids]) / np.maximum(*area[ids])
    terms = np.stack([np.ones(len(count)), distance, bright / np.maximum(dimmer, 1e-6), nucleus, less_sure, ratio], axis=1)
    return ids.T[count >= MIN_PAIRS], terms[count >= MIN_PAIRS]


def owners_of(nuclei, truth):
    """The true cell in which most of each nucleus lies, by id; 0: none."""
    shared = np.zeros((nuclei.max() + 1, truth.max() + 1), np.int64)
    np.add.at(shared, (nuclei.ravel(), truth.ravel()), 1)
    return shared.argmax(axis=1)


def examples_of(given, path, model):
    """(terms, joined) of the borders between two cells whose true cells are known."""
    import cellseg
    from cellseg import _lowlevel as c
    from cellseg._arrays import array_from_image, array_from_labels

    source, labels = read(path, 0), c.Labels()
    c.labels_read(labels, None, path.with_name(f"{path.stem}.cells.tif"))
    image = array_from_image(source)[0]
    maps, pixel_size_um = maps_of(given, image, c.image_pixel_size_um(source), path, model)
    image = cellseg.filter.resample(image, maps.shape[1:])
    truth = cellseg.filter.resample_labels(array_from_labels(labels), maps.shape[1:])
    extra = {"extra_output": "distance"}
    seeds = cellseg.segment_nuclei(maps, pixel_size_um, **extra)
    given_maps = {"maps": maps, "maps_pixel_size_um": pixel_size_um, **extra}
    cells, nuclei = cellseg.segment_cells(image, seeds, pixel_size_um, **given_maps, cytoplasm_min=0)
    ids, terms = terms_of(maps, scaled_marker(image, pixel_size_um), cells, nuclei)
    first, second = owners_of(nuclei, truth)[ids.T]
    known = (first > 0) & (second > 0)
    return terms[known], (first == second)[known]


# ---- coefficients ----


def fit(terms, joined, weights, steps=50):
    """Logistic regression by Newton's method, with a small penalty, so that a separable set has a solution."""
    coefficients, penalty = np.zeros(terms.shape[1]), 1e-3 * np.eye(terms.shape[1])
    for _ in range(steps):
        p = 1 / (1 + np.exp(-np.clip(terms @ coefficients, -30, 30)))
        slope = terms.T @ (weights * (joined - p)) - penalty @ coefficients
        curvature = (terms * (weights * p * (1 - p))[:, None]).T @ terms + penalty
        coefficients += np.linalg.solve(curvature, slope)
    return np.round(coefficients, DECIMALS)


def with_coefficients(model, coefficients):
    """The bytes of a model file with other coefficients: only its header changes (docs/model-format.md)."""
    size = int.from_bytes(model[:8], "little")
    header = json.loads(model[8 : 8 + size])
    rule = json.loads(header["__metadata__"]["rule"])
    numbers = [int(value) if float(value).is_integer() else float(value) for value in coefficients]  # as the library writes them
    rule["joining"] = dict(zip(TERMS, numbers, strict=True))
    header["__metadata__"]["rule"] = json.dumps(rule, separators=(",", ":"))
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + model[8 + size :]


def fit_sets(given, sets, model):
    """The coefficients, and {data set: (terms, joined)}."""
    examples = {}
    for name, folder in sets.items():
        fields = [examples_of(given, path, model) for path in markers(folder)]
        examples[name] = [np.concatenate(part) for part in zip(*fields)]
    terms, joined = (np.concatenate(part) for part in zip(*examples.values()))
    weights = np.concatenate([np.full(len(ones), len(joined) / len(examples) / max(len(ones), 1)) for _, ones in examples.values()])
    return fit(terms, joined, weights), examples


def judge(given, name, folder, models):
    """SM, then AP, of a data set's cells, for each {title: options}."""
    cells = []
    for title, options in models.items():
        out = segment(given.work / f"{name}-{title}", folder, **options)
        cells.append(evaluate(folder, out, out.with_suffix(".csv"))["cells"])
    return [mean_of(found, column) for column in ("sm", "ap") for found in cells]


def main():
    import cellseg

    given = arguments(__doc__, more=OPTIONS)
    sets = gather_sets(given)
    model = cellseg.Model.load(given.model) if given.model else cellseg.Model.default()
    coefficients, examples = fit_sets(given, sets, model)
    coefficients = given.coefficients or coefficients
    before, after = given.work / "before.cellseg", given.work / "joined.cellseg"
    model.save(before, half=True)
    if given.model:
        before.write_bytes(given.model.read_bytes())
    after.write_bytes(with_coefficients(before.read_bytes(), coefficients))
    models = {"not joined": {"model": before, "join": 0}, "before": {"model": before}, "fitted": {"model": after}}
    rows = [[name, len(examples[name][1]), int(examples[name][1].sum()), *judge(given, name, folder, models)]
            for name, folder in sets.items()]
    old = model.info["rule"].get("joining", {})
    fitted = [[name, float(old.get(name, 0)), float(value)] for name, value in zip(TERMS, coefficients, strict=True)]
    titles = ["data set", "borders", "in one cell", *(f"{figure}, {how}" for figure in ("SM", "AP at 0.5") for how in models)]
    text = f"\n{table(['term', 'before', 'fitted'], fitted)}\n{table(titles, rows)}\n"
    put_section(given.docs / "experiments.md", "joining", text)


if __name__ == "__main__":
    main()
