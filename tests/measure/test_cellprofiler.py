# SPDX-License-Identifier: BSD-3-Clause
"""Columns against cp_measure, which has CellProfiler's code for them: one crop of a real image, each column by its name there.

cp_measure needs a newer scikit-image than Debian 12 has. So its numbers are recorded in cellprofiler.csv, by
    python3 -m venv V && V/bin/pip install cp_measure==0.3.0 tifffile && V/bin/python tests/measure/test_cellprofiler.py --record
"""

import csv
import sys
from pathlib import Path

import numpy as np
import tifffile

HERE = Path(__file__).resolve().parent
RECORD = HERE / "cellprofiler.csv"
SCALE = 65535  # cp_measure reads images from 0 to 1
MOMENTS = [(n, m) for n in range(10) for m in range(n % 2, n + 1, 2)]
HARALICK = {"AngularSecondMoment": "angular_second_moment", "Contrast": "contrast", "Correlation": "correlation",
            "Variance": "variance", "InverseDifferenceMoment": "inverse_difference_moment", "SumAverage": "sum_average",
            "SumVariance": "sum_variance", "SumEntropy": "sum_entropy", "Entropy": "entropy",
            "DifferenceEntropy": "difference_entropy", "InfoMeas1": "info_measure_1", "InfoMeas2": "info_measure_2"}  # fmt: skip


def field():
    """Cells with ids from 1 on, and one channel."""
    window = np.s_[..., 150:330, 200:420]
    image = tifffile.imread(HERE.parents[1] / "examples/data/n2a.ome.tif")[window].astype(np.uint16)
    cells = tifffile.imread(HERE.parents[1] / "examples/data/n2a.cells.tif").squeeze()[window]
    ids = np.unique(cells[cells > 0])
    return (np.searchsorted(ids, cells) + 1) * (cells > 0), (image - image.min()).clip(0, 4095)[0] * 16


def in_bytes(image):
    """As skimage.util.img_as_ubyte() rounds an image from 0 to 1."""
    return np.rint(image / SCALE * 255).astype(np.uint8)


# ---- the recorded numbers ----


def columns_there():
    """Their name, ours, and the factor from theirs to ours."""
    for theirs, ours in {"Area": "area_px2", "Center_Y": "centroid_y_px", "Center_X": "centroid_x_px",
                         "PerimeterCrofton": "perimeter_crofton_px", "EquivalentDiameter": "equivalent_diameter_area_px",
                         "MajorAxisLength": "axis_major_length_px", "MinorAxisLength": "axis_minor_length_px",
                         "Eccentricity": "eccentricity", "EulerNumber": "euler_number", "ConvexArea": "area_convex_px2",
                         "Solidity": "solidity"}.items():  # fmt: skip
        yield f"AreaShape_{theirs}", ours, 1
    for theirs, ours in {"MeanIntensity": "mean", "StdIntensity": "std", "MinIntensity": "min", "MaxIntensity": "max",
                         "MedianIntensity": "median", "IntegratedIntensity": "integrated",
                         "LowerQuartileIntensity": "quartile_lower", "UpperQuartileIntensity": "quartile_upper",
                         "MADIntensity": "mad", "MeanIntensityEdge": "edge_mean", "StdIntensityEdge": "edge_std",
                         "MinIntensityEdge": "edge_min", "MaxIntensityEdge": "edge_max",
                         "IntegratedIntensityEdge": "edge_integrated"}.items():  # fmt: skip
        yield f"Intensity_{theirs}", f"intensity_{ours}_channel_0", SCALE
    yield "Intensity_MassDisplacement", "intensity_displacement_px_channel_0", 1
    for axis in "YX":
        yield f"Location_CenterMassIntensity_{axis}", f"centroid_weighted_{axis.lower()}_px_channel_0", 1
    for theirs, ours in {"PercentTouching": "touching_percent", "FirstClosestDistance": "neighbour_first_distance_px",
                         "SecondClosestDistance": "neighbour_second_distance_px",
                         "AngleBetweenNeighbors": "neighbours_angle_rad"}.items():  # fmt: skip
        yield f"Neighbors_{theirs}_Adjacent", ours, np.pi / 180 if "angle" in ours else 1
    for k in range(1, 5):
        for theirs, ours in ("FracAtD", "fraction"), ("MeanFrac", "mean_fraction"), ("RadialCV", "cv"):
            yield f"RadialDistribution_{theirs}_{k}of4", f"radial_{ours}_{k}_of_4_channel_0", 1
    for k in range(1, 17):
        yield f"Granularity_{k}", f"granularity_{k}_channel_0", 1
    for n, m in MOMENTS:
        yield f"AreaShape_Zernike_{n}_{m}", f"zernike_{n}_{m}", 1
        yield f"RadialDistribution_ZernikeMagnitude_{n}_{m}", f"zernike_magnitude_{n}_{m}_channel_0", SCALE
        yield f"RadialDistribution_ZernikePhase_{n}_{m}", f"zernike_phase_{n}_{m}_rad_channel_0", 1
    for theirs, ours in HARALICK.items():
        yield f"Texture_{theirs}_3_256", f"texture_{ours}_channel_0", 1


def measure_there():
    """All of cp_measure's numbers by name; textures as the mean of their directions."""
    from cp_measure.bulk import get_core_measurements
    from cp_measure.multimask.measureobjectneighbors import measureobjectneighbors

    cells, image = field()
    core, pixels, found = get_core_measurements(), image / SCALE, {}
    for group in "sizeshape", "zernike":
        found.update({f"AreaShape_{name}": values for name, values in core[group](cells, pixels).items()})
    for group in "intensity", "radial_distribution", "radial_zernikes", "granularity":
        found.update(core[group](cells, pixels))
    found.update(measureobjectneighbors(cells, cells, "Adjacent"))
    texture = core["texture"](cells, pixels, 3, 256)
    for name in HARALICK:
        found[f"Texture_{name}_3_256"] = np.mean([texture[f"{name}_3_{d:02}_256"] for d in range(4)], 0)
    return found


def record():
    found = measure_there()
    names = [name for name, _, _ in columns_there()]
    with open(RECORD, "w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(names)
        rows.writerows([f"{value:.12g}" for value in row] for row in zip(*(found[name] for name in names)))


# ---- ours ----


def check(theirs, values, name):
    """Granularity is computed in float32; all else agrees but for the 12 digits of the record."""
    absolute = 1e-4 if "granularity" in name else 1e-9 * max(1, abs(theirs).max())
    np.testing.assert_allclose(values, theirs, rtol=1e-8, atol=absolute, err_msg=name)


def check_moments(theirs, ours):
    """Their sums leave out the pixels, up to three, that rounding puts outside the smallest circle. No polynomial exceeds 1, so
    that no moment differs by more than that of order 0, which counts these pixels; of most cells there are none."""
    for kind in "zernike_{}_{}", "zernike_magnitude_{}_{}_channel_0":
        lost = ours[kind.format(0, 0)] - theirs[kind.format(0, 0)]
        rounding = 1e-8 * ours[kind.format(0, 0)]
        whole = abs(lost) < rounding
        assert (lost > -rounding).all() and whole.mean() > 0.7
        for n, m in MOMENTS:
            apart = abs(ours[kind.format(n, m)] - theirs[kind.format(n, m)])
            assert (apart <= abs(lost) + rounding).all(), (kind, n, m)
    for n, m in MOMENTS:
        name = f"zernike_phase_{n}_{m}_rad_channel_0"
        apart = abs(np.exp(1j * theirs[name]) - np.exp(1j * ours[name]))
        assert (apart[whole] < 1e-6).all(), name


def test_every_column_is_cellprofiler_s():
    import cellseg

    cells, image = field()
    with open(RECORD, newline="") as file:
        recorded = {name: np.array(values, float) for name, *values in zip(*csv.reader(file))}
    ours = cellseg.measure(cells, None, image, neighbours=True, radial=True, granularity=True, zernike=True,
                           intensity_detail=True)  # fmt: skip
    bytes_ = in_bytes(image)
    textures = cellseg.measure(np.where(bytes_ > 0, cells, 0), None, bytes_, texture=True, texture_levels=255, texture_low=0.5,
                               texture_high=255.5, texture_distance_px=3)  # fmt: skip
    ours.update({name: values for name, values in textures.items() if name.startswith("texture")})
    ours["texture_sum_average_channel_0"] += 2  # their levels begin at 1
    theirs = {ours: recorded[theirs] * factor for theirs, ours, factor in columns_there()}
    assert len(ours["id"]) > 10 and len(theirs) == len(recorded) == 11 + 17 + 4 + 12 + 16 + 90 + 12
    check_moments(theirs, ours)
    for name, values in theirs.items():
        if not name.startswith("zernike"):
            check(values, ours[name], name)


if __name__ == "__main__" and sys.argv[1:] == ["--record"]:
    record()
