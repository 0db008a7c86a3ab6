# SPDX-License-Identifier: BSD-3-Clause
"""TIFF files tag by tag, for layouts, oddities and damage that no other writer makes."""

import struct

SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 13: 4, 16: 8}
LETTERS = {1: "B", 2: "s", 3: "H", 4: "I", 7: "s", 13: "I", 16: "Q"}


def pack(order, kind, values):
    if kind in (2, 7):
        return values
    if kind == 5:
        return b"".join(struct.pack(order + "II", *v) for v in values)
    return struct.pack(f"{order}{len(values)}{LETTERS[kind]}", *values)


class File:
    """add() appends bytes and returns their offset; directory() appends a directory and links it after the last one."""

    def __init__(self, order="<", big=False):
        self.order, self.big = order, big
        mark = b"II" if order == "<" else b"MM"
        self.bytes = bytearray(mark + (struct.pack(order + "HHHQ", 43, 8, 0, 0) if big else struct.pack(order + "HI", 42, 0)))
        self.link = 8 if big else 4

    def add(self, data):
        self.bytes += bytes(len(self.bytes) % 2)
        self.bytes += data
        return len(self.bytes) - len(data)

    def put(self, at, value):
        struct.pack_into(self.order + ("Q" if self.big else "I"), self.bytes, at, value)

    def directory(self, tags, linked=True):
        """tags: {tag: (type, values)}, or (type, count, offset) to state anything."""
        room, entries = (8 if self.big else 4), b""
        for tag, (kind, *rest) in sorted(tags.items()):
            if len(rest) == 1:
                data = pack(self.order, kind, rest[0])
                count = len(data) // SIZES[kind]
                inside = data.ljust(room, b"\0") if len(data) <= room else self.number(self.add(data))
            else:
                count, inside = rest[0], self.number(rest[1])
            entries += struct.pack(self.order + "HH", tag, kind) + self.number(count) + inside
        head = struct.pack(self.order + ("Q" if self.big else "H"), len(tags))
        at = self.add(head + entries + bytes(room))
        if linked:
            self.put(self.link, at)
            self.link = at + len(head) + len(entries)
        return at

    def number(self, value):
        return struct.pack(self.order + ("Q" if self.big else "I"), value)

    def save(self, path):
        path.write_bytes(self.bytes)


def page_tags(height, width, bits, strips, sizes=None, rows=None, **more):
    """Tags of a page of one sample in strips at the offsets `strips`; more: t<tag>=(type, values)."""
    tags = {256: (4, [width]), 257: (4, [height]), 258: (3, [bits]), 259: (3, [1]), 262: (3, [1]), 273: (4, strips), 277: (3, [1]),
            278: (4, [rows or height])}
    if sizes is not None:
        tags[279] = (4, sizes)
    tags.update({int(name[1:]): value for name, value in more.items()})
    return {tag: value for tag, value in tags.items() if value is not None}


def one_page(path, height, width, bits, data, order="<", big=False, **more):
    """A file of one uncompressed strip."""
    file = File(order, big)
    file.directory(page_tags(height, width, bits, [file.add(data)], [len(data)], **more))
    file.save(path)
