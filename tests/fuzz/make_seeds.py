#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes the fuzzers' first inputs, a folder each, and their dictionaries. Usage: make_seeds.py FOLDER

With the argument --network it writes the network of fuzz_segment instead, tests/data/fuzz/pointwise.cellseg."""
import io
import json
import pathlib
import re
import struct
import sys
import zipfile

import numpy as np

TREE = pathlib.Path(__file__).resolve().parents[2]
DATA = TREE / "tests/data/fuzz"

TAGS = [254, 256, 257, 258, 259, 262, 266, 270, 273, 274, 277, 278, 279, 282, 283, 284, 296, 305, 317, 320, 322, 323, 324, 325, 330,
        338, 339, 347, 33628, 33629, 50838, 50839]
COMPRESSIONS = [1, 2, 5, 6, 7, 8, 32773, 32946, 34661, 34712, 34887, 34925, 50000, 50001]
OME = ["<?xml version=\"1.0\" encoding=\"UTF-8\"?>", "<OME", "<Image", "<Pixels", "<Channel", "<TiffData", "<UUID", "<!--", "-->",
       "<![CDATA[", "]]>", "<!DOCTYPE", "<!ENTITY", "&amp;", "&#181;", "</", "/>", " ID=\"Image:0\"", " Name=\"", " SizeX=\"3\"", " SizeY=\"2\"",
       " SizeC=\"", " SizeZ=\"", " SizeT=\"", " DimensionOrder=\"XYCZT\"", "XYZCT", "XYTCZ", " Type=\"uint8\"", " SamplesPerPixel=\"",
       " PhysicalSizeX=\"", " PhysicalSizeY=\"", " PhysicalSizeXUnit=\"", "um", "µm", "nm", "mm", "pixel", "reference frame", " IFD=\"",
       " FirstC=\"", " FirstZ=\"", " FirstT=\"", " PlaneCount=\"", " BigEndian=\"", "xmlns=\"http://www.openmicroscopy.org/Schemas/OME/2016-06\""]
IMAGEJ = ["ImageJ=1.53t\n", "images=", "channels=", "slices=", "frames=", "hyperstack=true\n", "mode=grayscale\n", "unit=micron\n",
          "unit=\\u00B5m\n", "unit=inch\n", "spacing=", "loop=false\n", "min=", "max=", "vunit="]
ONNX = ["Conv", "ConvTranspose", "BatchNormalization", "Relu", "Sigmoid", "MaxPool", "Concat", "Dropout", "Identity", "pads", "auto_pad",
        "SAME_UPPER", "strides", "dilations", "group", "kernel_shape", "axis", "epsilon", "cellseg"]
MODEL = ["__metadata__", "format", "cellseg-model", "version", "architecture", "rule", "classes", "record", "op", "conv", "deconv",
         "pool", "concat", "dropout", "filters", "kernel", "pad", "norm", "activation", "linear", "relu", "sigmoid", "with", "rate",
         "pixel_size_um", "top_hat_um", "percentile_low", "percentile_high", "noise_range", "clip", "power", "nucleus_diameter_um",
         "patch_px", "step_px", "nucleus", "cytoplasm", "background", "boundary", "distance", "dtype", "F32", "F16", "shape",
         "data_offsets", "test.input", "test.output", "layer0.weight", "layer0.bias", ".norm.gamma", ".norm.beta", ".norm.mean", ".norm.var",
         "\\\"", "1e308", "-1", "4294967296"]

IMPORT = ["\"type\"", "\"features\"", "\"geometry\"", "\"coordinates\"", "\"Polygon\"", "\"annotations\"", "\"segmentation\"",
          "\"counts\"", "\"size\"", "\"shapes\"", "\"group_id\"", "\"imageHeight\"", "\"nucleus\"", "1e9", "-0.5", "[[", "]]"]

# ---- what the kinds of seeds are made of ----


def ome(images=1, c=1, z=1, t=1, extra="", unit="µm", tiff_data=""):
    image = (f'<Image ID="Image:0"><Pixels DimensionOrder="XYCZT" Type="uint8" SizeX="3" SizeY="2" SizeC="{c}" SizeZ="{z}" SizeT="{t}" '
             f'PhysicalSizeX="0.65" PhysicalSizeXUnit="{unit}" PhysicalSizeY="0.65" PhysicalSizeYUnit="{unit}">'
             f'<Channel ID="Channel:0:0" Name="DAPI"/>{tiff_data}{extra}</Pixels></Image>')
    return ('<?xml version="1.0" encoding="UTF-8"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">' + image * images +
            "</OME>").encode()


def imagej(**keys):
    return ("ImageJ=1.53t\n" + "".join(f"{key}={value}\n" for key, value in keys.items())).encode()


def descriptions():
    order = '<TiffData IFD="1" FirstC="0" PlaneCount="1"/><TiffData IFD="0" FirstC="1" PlaneCount="1"/>'
    texts = {"ome": ome(), "ome_channels": ome(c=2, tiff_data=order), "ome_series": ome(images=2), "ome_stack": ome(z=3, t=2),
             "ome_unit": ome(unit="pixel"), "ome_entity": b'<!DOCTYPE a [<!ENTITY b "0.65">]>' + ome(extra="&b;"),
             "imagej": imagej(images=2, channels=2, unit="micron"), "imagej_stack": imagej(images=6, slices=3, frames=2, hyperstack="true"),
             "imagej_plain": imagej(unit="um", min=0, max=255)}
    for name, text in texts.items():
        for planes in 1, 2, 6:
            for one_directory in 0, 1:
                # backwards: the read options, then planes, unit, resolution, and whether each plane has its directory
                numbers = bytes([one_directory, 2, 0, 2, planes - 1]) + bytes(7)
                yield f"{name}_{planes}_{one_directory}", text + numbers


# Networks of pointwise layers, whose test output is computed here. weights: (input channel, output channel).


def layer(filters, activation):
    return {"op": "conv", "filters": filters, "kernel": 1, "pad": 0, "norm": False, "activation": activation}


def model_header(layers, tensors, rule=None, version="1"):
    rule = {"pixel_size_um": 0.65, "top_hat_um": 0, "percentile_low": 1, "percentile_high": 99, "noise_range": 0, "clip": 1, "power": 1,
            "nucleus_diameter_um": 8, "patch_px": 16, "step_px": 8, **(rule or {})}
    header = {"__metadata__": {"format": "cellseg-model", "version": version, "architecture": json.dumps(layers), "rule": json.dumps(rule),
                               "classes": '["nucleus","cytoplasm","background"]', "record": "{}"}}
    at = 0
    for name, value in tensors.items():
        header[name] = {"dtype": "F16" if value.dtype == np.float16 else "F32", "shape": list(value.shape), "data_offsets": [at, at + value.nbytes]}
        at += value.nbytes
    return json.dumps(header, separators=(",", ":")).encode(), b"".join(value.tobytes() for value in tensors.values())


def pointwise():
    """Dark, middling and bright pixels are background, nucleus and cytoplasm."""
    weights = [(np.array([[1, -1]]), np.array([-0.5, 0.5])), (np.array([[-16, 16, 0], [-16, 0, 16]]), np.array([2, -4, -4]))]
    layers = [layer(2, "relu"), layer(3, "sigmoid")]
    x = np.linspace(0, 1, 12).reshape(3, 4, 1)
    out = 1 / (1 + np.exp(-(np.maximum(x @ weights[0][0] + weights[0][1], 0) @ weights[1][0] + weights[1][1])))
    tensors = {}
    for i, (weight, bias) in enumerate(weights):
        tensors[f"layer{i}.weight"] = weight[None, None].astype(np.float32)
        tensors[f"layer{i}.bias"] = bias.astype(np.float32)
    tensors["test.input"] = x[:, :, 0].astype(np.float32)
    tensors["test.output"] = out.transpose(2, 0, 1).astype(np.float32)
    return layers, tensors


def all_layers(weight_type=np.float32):
    """Every kind of layer. The weights are 0, so that every output is a half whatever the layers are."""
    norm = {"norm": True, "activation": "relu"}
    layers = [{"op": "conv", "filters": 2, "kernel": 3, "pad": 1, **norm}, {"op": "dropout", "rate": 0.5}, {"op": "pool"},
              {"op": "conv", "filters": 3, "kernel": 3, "pad": 1, **norm}, {"op": "deconv", "filters": 2, **norm},
              {"op": "concat", "with": 0}, layer(3, "sigmoid")]
    shapes, tensors = {0: (3, 3, 1, 2), 3: (3, 3, 2, 3), 4: (2, 2, 3, 2), 6: (1, 1, 4, 3)}, {}
    for i, shape in shapes.items():
        tensors[f"layer{i}.weight"] = np.zeros(shape, weight_type)
        for name in ("bias",) if i == 6 else ("norm.gamma", "norm.beta", "norm.mean", "norm.var"):
            tensors[f"layer{i}.{name}"] = np.full(shape[3], name in ("norm.gamma", "norm.var"), np.float32)
    tensors["test.input"] = np.zeros((4, 4), np.float32)
    tensors["test.output"] = np.full((3, 4, 4), 0.5, np.float32)
    return layers, tensors


# ONNX: the fields of Protocol Buffers are written here, so that a seed needs no package.


def field(number, content):
    if isinstance(content, int):
        return bytes([number << 3 & 127 | number >> 4 << 7]) + bytes([number >> 4] * (number > 15)) + bytes([content])
    content = content.encode() if isinstance(content, str) else content
    length = bytes([len(content) & 127 | 128, len(content) >> 7])
    return bytes([(number << 3 | 2) & 127 | number >> 4 << 7]) + bytes([number >> 4] * (number > 15)) + length + content


def onnx_node(op, inputs, output, **attributes):
    ints = [field(5, field(1, name) + b"".join(field(8, value) for value in values)) for name, values in attributes.items()]
    return field(1, b"".join(field(1, name) for name in inputs) + field(2, output) + field(4, op) + b"".join(ints))


def onnx_file():
    """Every kind of node, and weights of 0."""
    pair = {"kernel_shape": [2, 2], "strides": [2, 2]}
    nodes = [onnx_node("Conv", ["x", "w0"], "a", pads=[1] * 4), onnx_node("BatchNormalization", ["a", "n", "n", "n", "n"], "b"),
             onnx_node("Relu", ["b"], "c"), onnx_node("MaxPool", ["c"], "d", **pair), onnx_node("Dropout", ["d"], "e"),
             onnx_node("ConvTranspose", ["e", "w1", "n"], "f", **pair), onnx_node("Concat", ["c", "f"], "g", axis=[1]),
             onnx_node("Conv", ["g", "w2"], "h", auto_pad=[]), onnx_node("Sigmoid", ["h"], "y")]
    shapes = {"w0": (2, 1, 3, 3), "n": (2,), "w1": (2, 2, 2, 2), "w2": (3, 4, 1, 1)}
    tensors = [field(5, b"".join(field(1, edge) for edge in shape) + field(2, 1) + field(8, name) + field(9, bytes(4 * int(np.prod(shape)))))
               for name, shape in shapes.items()]
    graph = b"".join(nodes + tensors) + field(11, field(1, "x")) + field(12, field(1, "y"))
    about = json.loads(model_header([], {})[0])["__metadata__"]
    text = json.dumps({"rule": json.loads(about["rule"]), "classes": json.loads(about["classes"])})
    return field(1, 8) + field(2, "pytorch") + field(7, graph) + field(14, field(1, "cellseg") + field(2, text))


def models():
    yield "onnx", onnx_file() + b"\0\xff"
    for name, (layers, tensors) in {"pointwise": pointwise(), "layers": all_layers(), "half": all_layers(np.float16)}.items():
        header, data = model_header(layers, tensors)
        yield name, header + b"\0" + data + b"\0\0"
    header, data = model_header(*pointwise())
    yield "raw", struct.pack("<Q", len(header)) + header + data + b"\0\xff"


def checkpoints():
    epochs = struct.pack("<QqddQqdd", 10, 2, 0.5, 0.25, 5, 1, 0.75, 0.5)
    for name, count, states in (("sound", 3, 6), ("short", 3, 5), ("long", 3, 7), ("other", 4, 8)):
        yield name, b"CSEGCKP1" + struct.pack("<QQ", 1, count) + epochs + np.arange(states, dtype=np.float32).tobytes() + bytes(9)


def option_names():
    """Members and choices of every table."""
    texts = [path.read_text() for path in sorted((TREE / "lib").rglob("*.c"))]
    return sorted({name for text in texts if "CSEG_OPTION_TABLE(" in text for name in re.findall(r'(?:ROW|CSEG_OPTION)\((\w+),|^ +"([a-z-]+)",', text, re.M)
                   for name in name if name})


def options():
    names = option_names()
    for table in range(16):
        for kind, value in (("zero", 0), ("one", 1), ("large", 1e300), ("text", "paper"), ("null", None), ("group", {})):
            if table == 0 or kind in ("one", "group"):
                yield f"{table}_{kind}", json.dumps({name: value for name in names}).encode() + bytes(3) + bytes([table])


def numbers():
    """For the fuzzers that take numbers alone."""
    random = np.random.default_rng(1)
    for size in 64, 1024, 4096:
        for i in range(12):
            yield f"{size}_{i}", random.integers(0, 240, size).astype(np.uint8).tobytes()


def files(options):
    """Each file whole, with a read that fails, and changing; `options` bytes of a fuzzer's numbers come before those."""
    kinds = {"whole": bytes(2), "failing_3": b"\2\xe0", "failing_9": b"\x08\xe0", "changing_2": b"\0\x40\1\xc0", "changing_6": b"\0\x90\5\xc0"}
    for path in sorted((TREE / "tests/data/io").iterdir()):
        for kind, numbers in kinds.items():
            yield f"{path.name}_{kind}", path.read_bytes() + numbers + bytes(options)


def images():
    yield from files(7)


def label_maps():
    yield from files(0)


def imports():
    """Small files of each format, for an image of 9 x 12 pixels."""
    ring = [[1, 1], [7, 1.5], [6, 8], [1, 1]]
    geometry = {"type": "MultiPolygon", "coordinates": [[ring, [[2, 2], [3, 2], [3, 3]]], [ring]]}
    feature = {"type": "Feature", "id": 3, "geometry": geometry, "nucleusGeometry": {"type": "Polygon", "coordinates": [ring]},
               "properties": {"name": "3", "classification": {"name": "Nucleus"}}}
    masks = [{"size": [9, 12], "counts": [3, 20, 10, 5]}, {"size": [9, 12], "counts": "3d0"}, [[1, 1, 7, 1, 7, 8]], []]
    coco = {"images": [{"id": 1, "file_name": "a.tif", "height": 9, "width": 12}], "categories": [{"id": 2, "name": "nucleus"}],
            "annotations": [{"id": i, "image_id": 1, "category_id": i, "segmentation": mask} for i, mask in enumerate(masks)]}
    shapes = [{"label": "cell", "points": ring, "shape_type": "polygon", "group_id": 2},
              {"label": "nucleus", "points": ring[:2], "shape_type": "rectangle"}, {"label": "a", "points": ring[:2], "shape_type": "circle"}]
    labelme = {"shapes": shapes, "imageHeight": 9, "imageWidth": 12}
    texts = {"geojson": {"type": "FeatureCollection", "features": [feature] * 2}, "coco": coco, "labelme": labelme}
    files = {name: json.dumps(text).encode() for name, text in texts.items()}
    header = b"Iout" + struct.pack(">hBx4hH16xhiiihhBBhii", 227, 0, 1, 1, 8, 8, 3, 0, 0, 0, 0, 0, 128, 0, 0, 0, 0, 0)
    files["roi"] = header + struct.pack(">6h6f", 0, 6, 5, 0, 1, 7, 1, 7, 6, 1, 2, 8)
    path = [0, 1, 1, 1, 7, 1, 1, 7, 7, 4, 0, 2, 2, 1, 4, 2, 1, 4, 4, 4]
    files["composite"] = header[:6] + b"\1" + header[7:36] + struct.pack(">i", len(path)) + header[40:] + struct.pack(f">{len(path)}f", *path)
    for method in zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", method) as archive:
            archive.writestr("3.roi", files["roi"])
            archive.writestr("3-nucleus.roi", files["composite"])
        files[f"zip_{method}"] = packed.getvalue()
    labels = np.arange(108, dtype=np.uint16).reshape(9, 12) % 3
    for name, content in {"npy": labels, "npy_columns": np.asfortranarray(labels), "seg_npy": {"flows": [labels * 1.5], "masks": labels}}.items():
        saved = io.BytesIO()
        np.save(saved, content)
        files[name] = saved.getvalue()
    for name, content in files.items():
        yield name, content + bytes([0, 12, 9])


# ---- dictionaries ----


def quoted(data):
    return '"' + "".join(chr(b) if 32 <= b < 127 and b not in b'"\\' else f"\\x{b:02x}" for b in data) + '"\n'


def dictionaries():
    codes = [struct.pack(order + "H", number) for number in TAGS + COMPRESSIONS for order in "<>"]
    yield "fuzz_image_read", codes + [word.encode() for word in OME + IMAGEJ] + [b"IHDR", b"IDAT", b"PLTE", b"tRNS", b"pHYs", b"zTXt", b"iCCP", b"IEND"]
    yield "fuzz_labels_read", codes
    yield "fuzz_description", [word.encode() for word in OME + IMAGEJ]
    yield "fuzz_model_load", [word.encode() for word in MODEL + ONNX]
    yield "fuzz_import", [word.encode() for word in IMPORT] + [b"PK\1\2", b"PK\3\4", b"PK\5\6", b"Iout", b"\x93NUMPY", b"\x8c\5masks"]
    yield "fuzz_options", [name.encode() for name in option_names()] + [b"null", b"1e999", b"-0.0", b"{}", b"true"]


def main():
    if sys.argv[1] == "--network":
        header, data = model_header(*pointwise())
        header += b" " * (-len(header) % 8)
        (DATA / "pointwise.cellseg").write_bytes(struct.pack("<Q", len(header)) + header + data)
        return
    folder = pathlib.Path(sys.argv[1])
    seeds = {"fuzz_image_read": images, "fuzz_labels_read": label_maps, "fuzz_import": imports, "fuzz_description": descriptions, "fuzz_model_load": models,
             "fuzz_checkpoint": checkpoints, "fuzz_options": options, "fuzz_filter": numbers, "fuzz_morph": numbers, "fuzz_measure": numbers,
             "fuzz_segment": numbers}
    for fuzzer, made in seeds.items():
        (folder / fuzzer).mkdir(parents=True, exist_ok=True)
        for name, content in made():
            (folder / fuzzer / name).write_bytes(content)
    for fuzzer, words in dictionaries():
        (folder / f"{fuzzer}.dict").write_text("".join(map(quoted, words)))


if __name__ == "__main__":
    main()
