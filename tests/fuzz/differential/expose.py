# SPDX-License-Identifier: Apache-2.0
"""Exports every memory and global of a module, so that they can be looked at afterwards.

Binaryen exports few of them. A module, as bytes (core specification, 5.5):

    preamble 8, then sections: id u8, size u32, that many bytes; of them are read
    2 imports: each module, field, kind u8 and its type    5 memories, 6 globals: a count first
    7 exports: a count, then each name, kind u8, index; comes after 1 to 6 and 13, before the others
"""
MEMORY, GLOBAL = 2, 3
CUSTOM, IMPORTS, MEMORIES, GLOBALS, EXPORTS = 0, 2, 5, 6, 7
BEFORE_EXPORTS = (CUSTOM, 1, IMPORTS, 3, 4, MEMORIES, GLOBALS, 13)


class Reader:
    def __init__(self, data, at=0):
        self.data = data
        self.at = at

    def byte(self):
        self.at += 1
        return self.data[self.at - 1]

    def leb(self):
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def name(self):
        size = self.leb()
        self.at += size

    def value_type(self):
        if self.byte() in (0x63, 0x64):
            self.leb()

    def limits(self):
        flags = self.byte()
        self.leb()
        if flags & 1:
            self.leb()
        if flags & 8:
            self.leb()


def leb(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def imported(section):
    """How many memories and globals are imported."""
    reader = Reader(section)
    counts = {MEMORY: 0, GLOBAL: 0}
    for _ in range(reader.leb()):
        reader.name()
        reader.name()
        kind = reader.byte()
        if kind == 0:
            reader.leb()
        elif kind == 1:
            reader.value_type()
            reader.limits()
        elif kind == MEMORY:
            reader.limits()
        elif kind == GLOBAL:
            reader.value_type()
            reader.byte()
        else:
            reader.byte()
            reader.leb()
        if kind in counts:
            counts[kind] += 1
    return counts


def sections_of(data):
    reader = Reader(data, 8)
    sections = []
    while reader.at < len(data):
        number = reader.byte()
        size = reader.leb()
        sections.append((number, data[reader.at:reader.at + size]))
        reader.at += size
    return sections


def more_exports(section, counts):
    reader = Reader(section)
    count = reader.leb() if section else 0
    more = [(kind, index) for kind in counts for index in range(counts[kind])]
    rows = b"".join(leb(len(name)) + name + bytes([kind]) + leb(index)
                    for kind, index in more
                    for name in [b"%s:%d" % (b"memory" if kind == MEMORY else b"global", index)])
    return leb(count + len(more)) + section[reader.at:] + rows


def expose(data):
    """The valid module with more exports."""
    sections = sections_of(data)
    found = dict(sections)
    counts = imported(found.get(IMPORTS, b"\0"))
    counts[MEMORY] += Reader(found.get(MEMORIES, b"\0")).leb()
    counts[GLOBAL] += Reader(found.get(GLOBALS, b"\0")).leb()
    if EXPORTS not in found:
        at = next((i for i, (number, _) in enumerate(sections) if number not in BEFORE_EXPORTS),
                  len(sections))
        sections.insert(at, (EXPORTS, b""))
    out = data[:8]
    for number, content in sections:
        if number == EXPORTS:
            content = more_exports(content, counts)
        out += bytes([number]) + leb(len(content)) + content
    return out
