# SPDX-License-Identifier: Apache-2.0
"""Handlers that do what several do in a row. For generate.py.

The code in memory is that of the single instructions, so each part of a body moves pc on to the next
part instead of jumping there: nothing else differs, and what traps does so at its own place.

What is said of a part, behind its name: "!", that its vector is a temporary that only the row reads,
which then need not be in its slot; "K=N", that the slot in field K is where part N (from 0) leaves
its vector, which then is not read from there; "K=^N", that register N of vectors has what is in that
slot, as the row begins. exec/join.c looks whether it is so.

Register 0 is the accumulator. The others remember: a part that is marked ">" leaves in 3 what was in
1, in 2 what was in 0, and in 1 what it makes. Nothing else changes them, and temporaries do not count.
"""
import itertools
import os
import re
import sys


# As the number of a part: the first register of vectors, as the row begins.
ENTRY = 28
REGISTERS = 4


class Part:
    def __init__(self, text):
        found = re.fullmatch(r"(\w+?)(!?)(>?)(?::(\d)=(\^?)(\d+))?", text)
        if not found:
            sys.exit("no part of a row: %s" % text)
        self.name, self.is_temporary, self.is_kept = found[1], bool(found[2]), bool(found[3])
        self.field = int(found[4] or 0)
        self.source = int(found[6] or 0) + (ENTRY if found[5] else 0)

    def condition(self):
        """As exec/join.c reads it."""
        return self.is_temporary | self.field << 1 | self.source << 3 | self.is_kept << 8


def spread(patterns):
    """The rows of a pattern: each word may have alternatives, {a,b}."""
    words = []
    for pattern in patterns:
        parts = [part.split(",") for part in re.split(r"[{}]", pattern)]
        words.append(["".join(choice) for choice in itertools.product(*parts)])
    return list(itertools.product(*words))


def control_bodies():
    """Of the handlers that are written by hand, those on one line."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "control.inc")
    found = re.findall(r"^OP\((\w+), \{ (.*) \}\)$", open(path, encoding="ascii").read(), re.M)
    return dict(found)


def once(pattern, value, text, part):
    changed, count = re.subn(pattern, value, text)
    if count != 1:
        sys.exit("not so in a row: %s" % part.name)
    return changed


def length(body):
    return int(re.search(r"NEXT\((\d+)\);$", body)[1])


def kept_slots(bodies, parts, number):
    """Before an access is tried again alone, after this part: what the row left out is made up for."""
    text = ""
    for source in sources(parts[number:]):
        if source < number and parts[source].is_temporary:
            words = sum(length(bodies[part.name]) for part in parts[source:number])
            text += "KEEP(%d, w%d); " % (words, source)
    return text


def statements(bodies, parts, number):
    """What one part does; w1 is what part 1 made, where another one needs it."""
    part = parts[number]
    text = bodies[part.name]
    kept = kept_slots(bodies, parts, number)
    if kept:
        text = text.replace("TRAP_BOUNDS;", "{ %sTRAP_BOUNDS; }" % kept)
    if part.is_temporary:
        text = once(r" SET_V\(0, v0\);", "", text, part)
    if part.field:
        text = once(r"SLOT_V\(%d\)" % part.field, "w%d" % part.source, text, part)
    if number + 1 < len(parts):
        made = "w%d = v0; " % number if number in sources(parts) else ""
        text = once(r"NEXT\((\d+)\);$", r"%spc += \1;" % made, text, part)
        if "JUMP" in text or "NEXT" in text:
            sys.exit("only the last of a row may branch: %s" % part.name)
    if part.is_kept:
        text = once(r" (\w+ = v0; )?(pc \+= \d+;|NEXT\(\d+\);)$",
                    r" v3 = v1; v2 = w%d; v1 = v0; \g<0>" % before(parts, number), text, part)
    return "{ %s }" % text


def again(text):
    """A row that is the whole of a loop goes on with itself, without a jump through its code. No loop
    is whole that only counts."""
    if "JUMP(2);" not in text or "ea" not in text:
        return text
    text = text.replace("JUMP(2);", "if (TARGET(2) == row) { pc = row; continue; } JUMP(2);")
    return "for (const uint64_t *const row = pc;;) { %s }" % text


def declared(source):
    if source >= ENTRY:
        return "v128 w%d = v%d; " % (source, source - ENTRY)
    return "v128 w%d; " % source


def before(parts, number):
    """What register 0 has as a part begins, but for temporaries: of which part that is."""
    return next((i for i in range(number - 1, -1, -1) if not parts[i].is_temporary), ENTRY)


def sources(parts):
    """What is needed once more: parts, and registers as the row begins."""
    needed = {part.source for part in parts if part.field}
    needed |= {before(parts, number) for number, part in enumerate(parts) if part.is_kept}
    return sorted(needed)


def joined(out, vectors, rows):
    """The rows with the name of the handler of each, longest first."""
    bodies = {**control_bodies(), **out.bodies, **vectors.bodies}
    joins = []
    for row in sorted(set(rows), key=lambda row: (-len(row), -len(" ".join(row)), row)):
        parts = [Part(text) for text in row]
        name = re.sub(r"\W", "_", "__".join(row).replace("!", "_t").replace(">", "_k"))
        to = vectors if any(part.name in vectors.bodies for part in parts) else out
        to.add(name, again("".join(declared(number) for number in sources(parts)) +
                           " ".join(statements(bodies, parts, number)
                                    for number in range(len(parts)))))
        joins.append((name, parts))
    return joins


def write(joins, vectors, folder):
    """For each first handler its rows: the joined one, how many parts, and each part's handler and
    condition; and 0 at the end."""
    words, places = ["0"], {}
    for first in dict.fromkeys(parts[0].name for _, parts in joins):
        places[first] = len(words)
        for name, parts in joins:
            if parts[0].name == first:
                words += ["H_" + name, str(len(parts))]
                for part in parts:
                    words += ["H_" + part.name, str(part.condition())]
        words.append("0")
    with open(folder + "/joins.inc", "w", encoding="ascii") as f:
        f.write("/* Made by lib/exec/generate.py from lib/exec/shapes.txt. */\n")
        f.write("static const uint16_t joins[] = {%s};\n" % ", ".join(words))
        f.write("#define JOIN_ENTRY %d\n#define JOIN_REGISTERS %d\n" % (ENTRY, REGISTERS))
        f.write("static const uint16_t joins_of[H_COUNT] = {%s};\n" % ", ".join(
            "[H_%s] = %d" % place for place in places.items()))
        f.write("/* Of the handlers of vectors: the accumulator has what is in the slot of field 0. */\n")
        f.write("static const bool keeps[H_COUNT - H_VECTORS] = {%s};\n" % ", ".join(
            str(int("SET_V(0, v0);" in body)) for body in vectors.bodies.values()))
