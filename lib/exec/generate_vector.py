# SPDX-License-Identifier: Apache-2.0
"""The families of vector instructions, for generate.py.

A vector's result always goes to the accumulator of vectors and to a slot, so there is one handler
for each class of operands. Constants, of 16 bytes, stand behind the fields.
"""
import re

from handler import ADDRESS_CLASSES, access, branch, destinations, is_int, operand, result

# As in handler.py: S a slot (here two of them), R the accumulator, C a constant.
CLASSES_2 = "SS RS SC RC SR CS CR".split()
COMMUTING = CLASSES_2[:4]
SHUFFLE_CLASSES = "SS RS SR".split()
CLASSES_3 = "SSS RSS SRS SSR".split()
SHIFT_CLASSES = "SS RS SC RC".split()

KINDS = {"i": "KIND_I32", "I": "KIND_I64", "f": "KIND_F32", "d": "KIND_F64"}
BYTES = {"uint8_t": 1, "int8_t": 1, "uint16_t": 2, "int16_t": 2, "uint32_t": 4, "float": 4,
         "uint64_t": 8, "double": 8, "v128_place": 16}


def vector(letter, field):
    """The expression of an operand; field is where its slot stands."""
    return {"S": "SLOT_V(%d)" % field, "R": "v0", "C": "PLACE_V(pc + 2)"}[letter]


def vectors(letters):
    """The expressions of operands: the slots among them stand in fields 1, 2, 3."""
    field, out = 1, []
    for letter in letters:
        out.append(vector(letter, field))
        field += letter == "S"
    return out


def substitute(text, lanes, values):
    """The expression with its operands, as vectors of those lanes."""
    for name, value in zip("ABC", values):
        text = re.sub(r"\b%s\b" % name, "((%s)%s)" % (lanes, value), text)
    return text


def insert(name, text, value):
    return re.sub(r"\b%s\b" % name, "(%s)" % value, text)


def keep(expression):
    return "v0 = (v128)(%s); SET_V(0, v0);" % expression


def emit(out, name, classes, lanes, expression, length=2):
    for letters in classes:
        words = length + (2 if "C" in letters else 0)
        value = substitute(expression, lanes, vectors(letters))
        out.add("%s_%s" % (name, letters), "%s NEXT(%d);" % (keep(value), words))


def operands_1(out, name, lanes, expression):
    emit(out, name, "SR", lanes, expression)


def operands_2(out, name, lanes, expression):
    emit(out, name, CLASSES_2, lanes, expression)


def commuting(out, name, lanes, expression):
    emit(out, name, COMMUTING, lanes, expression)


def operands_3(out, name, lanes, expression):
    emit(out, name, CLASSES_3, lanes, expression)


def shuffle(out, name, lanes, expression):
    """Two constants: what to take from each operand."""
    emit(out, name, SHUFFLE_CLASSES, lanes, expression, 6)


def shift(out, name, lanes, expression):
    """The count stands in the last field: its slot, or itself."""
    for letters in SHIFT_CLASSES:
        count = "(SLOT_i(2) & %d)" % (lane_bits(lanes) - 1) if letters[1] == "S" else "U16(2)"
        value = insert("N", substitute(expression, lanes, vectors(letters[0])), "n")
        out.add("%s_%s" % (name, letters),
                       "uint32_t n = %s; %s NEXT(2);" % (count, keep(value)))


def rotate(out, name, lanes, expression):
    """Both counts stand in the last fields."""
    for letter in "SR":
        value = insert("N", substitute(expression, lanes, vectors(letter)), "n")
        out.add("%s_%s" % (name, letter), "uint32_t n = U16(2), m = U16(3); %s NEXT(2);" % keep(
            insert("M", value, "m")))


def lane_bits(text):
    """Of the type that is named first; a v128 has 64."""
    found = re.search(r"[iuf](\d+)x", text)
    return int(found.group(1)) if found else 64


def splat(out, name, kind, expression):
    for letter in "SRL" if is_int(kind) else "SR":
        value = insert("A", expression, operand(kind, letter, 1))
        out.add("%s_%s" % (name, letter), "%s NEXT(2);" % keep(value))


def extract(out, name, kind, memory_type):
    """The lane as a number in memory: field 2 has its place in the vector."""
    memory_type, _, convert = memory_type.partition(" ")
    for destination in destinations(kind):
        value = "%sload_%s((const uint8_t *)&fp[U16(1)] + U16(2))" % (convert, memory_type)
        out.add("%s_%s" % (name, destination),
                       "%s NEXT(2);" % result(kind, value, destination))


def replace(out, name, kind, expression):
    """The constant has ones where the lane is."""
    for letters in ("SS", "RS", "SR", "RR"):
        a = vector(letters[0], 1)
        x = operand(kind, letters[1], 2 if letters[0] == "S" else 1)
        value = insert("A", expression, x)
        value = "bitselect((v128)%s, %s, PLACE_V(pc + 2))" % (value, a)
        out.add("%s_%s" % (name, letters), "%s NEXT(4);" % keep(value))


def test(out, name, lanes, expression):
    """To a number, or a branch on it."""
    for letter in "SR":
        value = substitute(expression, lanes, vectors(letter))
        for destination in destinations("i"):
            out.add("%s_%s_%s" % (name, letter, destination),
                           "%s NEXT(2);" % result("i", value, destination))
    for letter in "SR":
        value = substitute(expression, lanes, vectors(letter))
        for sense, form in (("if", "%s"), ("unless", "!(%s)")):
            branch(out, "br_%s_%s_%s" % (name, letter, sense), "", form % value)


def memory_value(memory_type, at):
    return "PLACE_V(%s)" % at if memory_type == "v128_place" else "load_%s(%s)" % (memory_type, at)


def load(out, name, memory_type, expression):
    for letters in ADDRESS_CLASSES:
        value = insert("M", expression, memory_value(memory_type, "mem + ea"))
        out.add("%s_%s" % (name, letters),
                       "%s%s NEXT(2);" % (access(letters, memory_type), keep(value)))
    value = insert("M", expression, memory_value(memory_type, "(const uint8_t *)r0"))
    out.add(name + "_at", "%s NEXT(2);" % keep(value))


def store(out, name, memory_type, _):
    for letters in ADDRESS_CLASSES:
        for value in "SR":
            out.add("%s_%s_%s" % (name, letters, value),
                           "%sPLACE_V(mem + ea) = %s; NEXT(2);" % (
                               access(letters, memory_type), vector(value, 0)))
    for value in "SR":
        out.add("%s_at_%s" % (name, value),
                       "PLACE_V(r0) = %s; NEXT(2);" % vector(value, 0))


def load_lane(out, name, memory_type, expression):
    """At the address in the accumulator. The constant has ones where the lane is."""
    value = insert("M", expression, memory_value(memory_type, "(const uint8_t *)r0"))
    for letter in "SR":
        body = keep("bitselect((v128)%s, %s, PLACE_V(pc + 2))" % (value, vector(letter, 1)))
        out.add("%s_%s" % (name, letter), "%s NEXT(4);" % body)


def store_lane(out, name, memory_type, _):
    """At the address in the accumulator. Field 2 has the lane's place in the vector."""
    out.add(name, "store_%s((uint8_t *)r0, load_%s((const uint8_t *)&fp[U16(1)] + U16(2))); "
                   "NEXT(2);" % (memory_type, memory_type))


FAMILIES = {"1": operands_1, "2": operands_2, "3": operands_3, "shuffle": shuffle, "shift": shift,
            "rotate": rotate,
            "splat": splat, "extract": extract, "replace": replace, "test": test, "load": load,
            "store": store, "load_lane": load_lane, "store_lane": store_lane}


def family(out, kind, name, opcode, types, expression, tail):
    """A row of the table whose kind begins with "vector_"."""
    count = len(out.names)
    make = commuting if tail == "commutes" else FAMILIES[kind]
    make(out, name, types, expression)
    fields = {"kind": "VECTOR_" + kind.upper(), "first": "H_" + out.names[count]}
    if kind in ("shift", "replace"):
        fields["bytes"] = lane_bits(types if kind == "shift" else expression) // 8
    elif kind == "extract":
        fields["bytes"] = BYTES[expression.split()[0]]
    elif types in BYTES:
        fields["bytes"] = BYTES[types]
    if types in KINDS:
        fields["scalar"] = KINDS[types]
    word, _, value = tail.partition(" ")
    if word == "nan":
        fields["canonical"] = "OPCODE_%s_CANONICAL" % value.upper()
    elif word:
        fields[word] = value or "true"
    out.row(opcode, **fields)


def write(out, folder):
    with open(folder + "/vector.inc", "w", encoding="ascii") as f:
        f.write("/* Made by lib/exec/generate.py from lib/exec/shapes.txt. */\n")
        f.write(out.handlers())
    with open(folder + "/vector_shapes.inc", "w", encoding="ascii") as f:
        f.write("/* Made by lib/exec/generate.py from lib/exec/shapes.txt. */\n")
        for prefix, names in (("VECTOR", CLASSES_2), ("VECTOR", CLASSES_3),
                              ("SHUFFLE", SHUFFLE_CLASSES), ("SHIFT", SHIFT_CLASSES)):
            f.write("enum {%s};\n" % ", ".join("%s_%s" % (prefix, name) for name in names))
        f.write("static const struct vector_shape shapes[] = {\n")
        for opcode, fields in sorted(out.rows.items()):
            f.write("\t[0x%03x - WPKG_OP_BASE_FD] = {%s},\n" % (opcode, ", ".join(
                ".%s = %s" % item for item in fields.items())))
        f.write("};\n")
