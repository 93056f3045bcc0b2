#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the interpreter's handlers from the table of instruction shapes.

    generate.py shapes.txt OUTDIR

OUTDIR/handlers.inc has OP(name, { body }) for each handler, OUTDIR/classes.inc the enumerations of
operand classes, and OUTDIR/shapes.inc for each opcode where its handlers begin. Handlers of one
opcode are numbered class by class, and in a class destination by destination, so that the
translator computes a handler's number and another destination is the next number.
OUTDIR/vector.inc and vector_shapes.inc are the same for vectors, OUTDIR/joins.inc says what is joined.
"""
import sys

import generate_atomic
import generate_join
import generate_vector
from handler import (ADDRESS_CLASSES, CHECK, FLOAT_BRANCH_CLASSES, FLOAT_CLASSES, INT_CLASSES,
                     INT_DESTINATIONS, PINNED, REGISTER, SECOND_CHECK, STORE_VALUES,
                     Output, access, address, branch, branches, checks, destinations,
                     emit_results, is_int, operand, operands, result, sides, substitute)

# The comparisons of i32 in the order of their opcodes.
INDEX_LOADS = (("i32_load", "uint32_t"), ("i32_load8_u", "uint8_t"))
COMPARISONS = [("eq", "A == B"), ("ne", "A != B"), ("lt_s", "SA < SB"), ("lt_u", "A < B"),
               ("gt_s", "SA > SB"), ("gt_u", "A > B"), ("le_s", "SA <= SB"), ("le_u", "A <= B"),
               ("ge_s", "SA >= SB"), ("ge_u", "A >= B")]
# A is what is loaded.
INT_OPERATIONS = [("add", "A + B"), ("xor", "A ^ B")]
FLOAT_OPERATIONS = [("add", "A + B"), ("sub", "B - A"), ("from", "A - B"), ("mul", "A * B")]
LOAD_PAIRS = [("i32_load", "i", "uint32_t", INT_OPERATIONS),
              ("i32_load8_u", "i", "uint8_t", INT_OPERATIONS),
              ("f32_load", "f", "float", FLOAT_OPERATIONS),
              ("f64_load", "d", "double", FLOAT_OPERATIONS)]
# Of control.inc, where they stand alone.
MOVES = [("br", ""), ("mov", "SET_I(0, SLOT_I(1));"), ("mov_pin", "l0 = SLOT_I(1); SET_I(0, l0);"),
         ("mov2", "SET_I(0, SLOT_I(1)); SET_I(2, SLOT_I(3));"),
         ("mov2_pin", "SET_I(0, SLOT_I(1)); l0 = SLOT_I(3); SET_I(2, l0);"),
         ("const32", "SET_I(0, (uint32_t)I32(1));")]


def binary(out, name, opcode, types, expression, check):
    source, target = types[0], types[3]
    classes = INT_CLASSES if is_int(source) else FLOAT_CLASSES
    out.row(opcode, first="H_%s_SS_acc" % name, kind="BINARY")
    for letters in classes:
        a, b = operands(source, letters)
        length = 3 if "C" in letters and not is_int(source) else 2
        emit_results(out, "%s_%s" % (name, letters), target, checks(check, source, a, b),
                     substitute(expression, source, a, b), length)


def compare(out, name, opcode, types, expression, opposite):
    binary(out, name, opcode, types, expression, "")
    kind = types[0]
    out.row(opcode, kind="COMPARE", branch="H_br_%s_%s" % (
        name, "SS" if is_int(kind) else "SS_if"))
    if opposite:
        out.row(opcode, opposite=opposite)
        branches(out, "br_" + name, kind, INT_CLASSES, expression, [("", "%s")])
    else:
        branches(out, "br_" + name, kind, FLOAT_BRANCH_CLASSES, expression,
                 [("_if", "%s"), ("_unless", "!(%s)")])


def unary(out, name, opcode, types, expression, check):
    source, target = types[0], types[2]
    out.row(opcode, first="H_%s_S_acc" % name, kind="UNARY")
    for letter in "SRL" if is_int(source) else "SR":
        a = operand(source, letter, 1)
        emit_results(out, "%s_%s" % (name, letter), target, checks(check, source, a),
                     substitute(expression, source, a), 2)


def load(out, name, opcode, kind, memory_type, convert):
    out.row(opcode, first="H_%s_S_acc" % name, kind="LOAD", direct="H_%s_at_acc" % name)
    value = "%sload_%s(mem + ea)" % (convert, memory_type)
    for letters in ADDRESS_CLASSES:
        emit_results(out, "%s_%s" % (name, letters), kind, access(letters, memory_type), value, 2)
    emit_results(out, name + "_at", kind, "", "%sload_%s((const uint8_t *)r0)" % (
        convert, memory_type), 2)


def store(out, name, opcode, kind, memory_type):
    # A fused address never meets a value in the accumulator: the addition would not be last.
    out.row(opcode, first="H_%s_S_S" % name, kind="STORE", direct="H_%s_at_S" % name)
    for letters in ADDRESS_CLASSES:
        for value in STORE_VALUES:
            if value == "S":
                expression = "SLOT_%s(0)" % kind
            elif value == "R":
                expression = REGISTER[kind]
            elif value == "C":
                expression = "(int16_t)U16(0)" if is_int(kind) else None
            else:
                expression = PINNED.get(kind)
            if (letters[0] == "R" or len(letters) > 1) and value == "R" and (
                    is_int(kind) or len(letters) > 1):
                expression = None
            body = "TRAP_UNREACHABLE;"
            if expression:
                body = access(letters, memory_type) + "store_%s(mem + ea, (%s)%s); NEXT(2);" % (
                    memory_type, memory_type, expression)
            out.add("%s_%s_%s" % (name, letters, value), body)
    out.add(name + "_at_S", "store_%s((uint8_t *)r0, (%s)SLOT_%s(0)); NEXT(2);" % (
        memory_type, memory_type, kind))


def field(out, name, kind, memory_type, convert):
    """Fields 0 to 2: result or value, object, index; a struct's place is the 32-bit constant."""
    value = "%sload_%s(at)" % (convert, memory_type)
    for letter in "SRL":
        emit_results(out, "struct_get_%s_%s" % (name, letter), kind,
                     "FIELD(%s); " % operand("I", letter, 1), value, 2)
    for letters in INT_CLASSES:
        a, b = operands("I", letters)
        emit_results(out, "array_get_%s_%s" % (name, letters), kind,
                     "ITEM(%s, %s, sizeof(%s)); " % (a, b, memory_type), value, 2)
    if name.endswith("_s"):
        return
    for prefix, place in (("struct", "FIELD(SLOT_I(1))"),
                          ("array", "ITEM(SLOT_I(1), SLOT_I(2), sizeof(%s))" % memory_type)):
        for letter in "SR":
            out.add("%s_set_%s_%s" % (prefix, name, letter), "%s; store_%s(at, (%s)%s); NEXT(2);" % (
                place, memory_type, memory_type, operand(kind, letter, 0)))


def fused(out):
    """Pairs of instructions that programs have often enough."""
    for letters in INT_CLASSES:
        a, b = operands("i", letters)
        for sense, form in (("if", "%s"), ("unless", "!%s")):
            branch(out, "br_i32_and_%s_%s" % (letters, sense), "",
                   form % ("((%s) & (%s))" % (a, b)))
    for letters in ("SC", "RC", "LC"):
        a, b = operands("i", letters)
        for destination in ("slot", "pin"):
            for sense, test in (("unless", "!r0"), ("if", "r0")):
                branch(out, "add_br_%s_%s_%s" % (letters, destination, sense),
                       result("i", "%s + %s" % (a, b), destination) + " ", test)
    for name, memory_type in (("i32_load", "uint32_t"), ("i32_load8_u", "uint8_t")):
        for letters in ADDRESS_CLASSES:
            for destination in INT_DESTINATIONS:
                for sense, test in (("unless", "!r0"), ("if", "r0")):
                    branch(out, "%s_br_%s_%s_%s" % (name, letters, destination, sense),
                           access(letters, memory_type) +
                           result("i", "load_%s(mem + ea)" % memory_type, destination) + " ", test)
    # slot + (x << n), slot + x * y, (x >> n) & mask: the first slot stands in field 1
    for letters in ("SC", "RC", "LC"):
        x = operand("i", letters[0], 2)
        emit_results(out, "shl_add_" + letters, "i", "", "SLOT_i(1) + ((%s) << U16(3))" % x, 2)
    for letters in ("SS", "RS", "SR", "LS", "SL"):
        x = operand("i", letters[0], 2)
        y = operand("i", letters[1], 3 if letters[0] == "S" else 2)
        emit_results(out, "mul_add_" + letters, "i", "", "SLOT_i(1) + (%s) * (%s)" % (x, y), 2)
    for letter in "SRL":
        x = operand("i", letter, 1)
        emit_results(out, "shr_and_" + letter, "i", "", "((%s) >> U16(2)) & U16(3)" % x, 2)


def jumps(out):
    """What ends many blocks and loops, and the jump behind it."""
    for name, memory_type in (("i32_load", "uint32_t"), ("i32_load8_u", "uint8_t")):
        for letters in ADDRESS_CLASSES:
            for destination in ("slot", "pin"):
                body = access(letters, memory_type) + result("i", "load_%s(mem + ea)" % memory_type,
                                                             destination)
                for side, taken, _ in sides():
                    out.add("%s_%s_%s_jump%s" % (name, letters, destination, side),
                            "%s %s" % (body, taken))
    for name, body in MOVES:
        jump(out, name, body)
    for letters in ("SC", "RC", "LC"):
        for destination in ("slot", "pin"):
            a, b = operands("i", letters)
            jump(out, "i32_add_%s_%s" % (letters, destination),
                 result("i", "%s + %s" % (a, b), destination))
    for name, memory_type in (("i32_store", "uint32_t"), ("i32_store8", "uint8_t")):
        for letter in "SL":
            for value in "SR":
                jump(out, "%s_%s_%s" % (name, letter, value), access(letter, memory_type) +
                     "store_%s(mem + ea, (%s)%s);" % (memory_type, memory_type,
                                                      operand("i", value, 0)))
    # Two locals stepped by constants: fields 0 and 1, 2 and 3; the pinned one is first or last.
    for letters in ("SS", "LS", "SL"):
        jump(out, "step_" + letters, " ".join(step(letter, field)
                                              for letter, field in zip(letters, (0, 2))))


def step(letter, field):
    value = "(uint32_t)(%s + (int16_t)U16(%d))" % (operand("i", letter, field), field + 1)
    return "SET_i(%d, %s%s);" % (field, "l0 = " if letter == "L" else "", value)


def jump(out, name, body):
    """To each side; and back to a loop that begins with one of HEADS, which is done at once."""
    for side, taken, _ in sides():
        out.add("%s_jump%s" % (name, side), "%s %s" % (body, taken))
    for head, before, index in heads():
        for side, cost in (("back", ""), ("pays", "SPEND(HALF(3, 0)); ")):
            out.add("%s_jump_%s_%s" % (name, side, head),
                    "{ %s } %sFOLLOW(2); { %s }" % (body, cost, table(before, index)))


def heads():
    """br_table of what is loaded where the pinned local points, which another local steps over."""
    for name, memory_type in INDEX_LOADS:
        yield name + "_L", near_access("L", memory_type, 0), "load_%s(mem + ea)" % memory_type
        yield (name + "_step", "uint64_t ea = (uint32_t)l0; " + CHECK % memory_type +
               "SET_i(0, (uint32_t)(l0 + (int16_t)U16(1))); ", "load_%s(mem + ea)" % memory_type)


def table(before, index):
    return "%suint32_t i = %s, n = (uint32_t)I32(1); if (i > n) i = n; POLL; JUMP(2 + i);" % (
        before, index)


def indices(out):
    """br_table of a number that is loaded, or added to, right before: field 0 offset or addend."""
    for name, before, index in heads():
        out.add("br_table_" + name, table(before, index))
    for name, memory_type in INDEX_LOADS:
        for letter in "SR":
            out.add("br_table_%s_%s" % (name, letter),
                    table(near_access(letter, memory_type, 0), "load_%s(mem + ea)" % memory_type))
    for letter in "SRL":
        out.add("br_table_i32_add_" + letter,
                table("", "%s + (int16_t)U16(0)" % operand("i", letter, 1)))


def scaled_loads(out):
    """A load at slot + (x << n), as shl_add has them: in field 3 the offset and, below, n."""
    for letter in "SRL":
        emit_results(out, "i32_load_shl_add_" + letter, "i", scaled_access(letter),
                     "load_uint32_t(mem + ea)", 2)
    # And where x is loaded: field 2 is the slot that it is added to, pc[2] the offset of x and, above
    # it, where the second load stands.
    for letter in "SRL":
        x = "uint64_t ea = (uint64_t)%s + (uint32_t)pc[2]; " % operand("i", letter, 1)
        emit_results(out, "i32_load_load_" + letter, "i", x + CHECK % "uint32_t" +
                     "ea = (uint64_t)(SLOT_i(2) + (load_uint32_t(mem + ea) << (U16(3) & 3)))"
                     " + (U16(3) >> 2); " + SECOND_CHECK % "uint32_t", "load_uint32_t(mem + ea)", 3)


def scaled_access(letter):
    return "uint64_t ea = (uint64_t)(SLOT_i(1) + (%s << (U16(3) & 3))) + (U16(3) >> 2); %s" % (
        operand("i", letter, 2), CHECK % "uint32_t")


def step_operand(letters, field):
    """Of a fused pair: field is where a slot stands; a 32-bit constant stands behind the branch."""
    return "SLOT_i(%d)" % field if letters == "S" else "(uint32_t)pc[3]"


def compare_branches(out, name, before, value, field):
    """A value that is made, compared, and branched on: by comparison, other operand, direction."""
    for operation, form in COMPARISONS:
        for other in "SC":
            condition = substitute(form, "i", "r0", step_operand(other, field))
            branch(out, "br_%s_%s_%s" % (name, operation, other), "%s %s " % (before, value),
                   condition, 3 if other == "S" else 4)


def pairs_with_branch(out):
    """An addition to a local, or a load, whose result is compared at once: what ends many loops."""
    for letters, destination in (("SC", "slot"), ("LC", "pin"), ("LS", "pin")):
        a = operand("i", letters[0], 1)
        b = "(int16_t)U16(2)" if letters[1] == "C" else "SLOT_i(1)"
        compare_branches(out, "add_" + letters, "", result("i", "%s + %s" % (a, b), destination), 3)
    for name, memory_type in (("i32_load", "uint32_t"), ("i32_load8_u", "uint8_t")):
        for letter in "SRL":
            for destination in ("slot", "pin"):
                compare_branches(out, "%s_%s_%s" % (name, letter, destination),
                                 near_access(letter, memory_type),
                                 result("i", "load_%s(mem + ea)" % memory_type, destination), 2)


def near_access(letter, memory_type, field=3):
    """As access, where the offset has 16 bits only, in that field."""
    base = {"S": "SLOT_i(1)", "R": "(uint32_t)r0", "L": "(uint32_t)l0"}[letter]
    return "uint64_t ea = (uint64_t)%s + U16(%d); " % (base, field) + CHECK % memory_type


def pairs_with_load(out):
    """A load that is an operand at once: field 1 its address, 2 the other operand, 3 the offset."""
    for load_name, kind, memory_type, operations in LOAD_PAIRS:
        value = "load_%s(mem + ea)" % memory_type
        for operation, form in operations:
            for letter in "SRL":
                for other in "SR":
                    body = "TRAP_UNREACHABLE;"
                    name = "%s_%s_%s%s" % (load_name, operation, letter, other)
                    if letter == other == "R" and is_int(kind):
                        for destination in destinations(kind):
                            out.add("%s_%s" % (name, destination), body)
                        continue
                    emit_results(out, name, kind, near_access(letter, memory_type),
                                 substitute(form, kind, value, operand(kind, other, 2)), 2)


def multiply_add(out):
    """z + x * y, z - x * y and x * y - z, rounded twice: field 1 z, 2 and 3 x and y."""
    for kind, name in (("f", "f32"), ("d", "f64")):
        for operation, form in (("add", "B + A"), ("sub", "B - A"), ("from", "A - B")):
            for letters in ("SS", "RS"):
                x = operand(kind, letters[0], 2)
                y = operand(kind, "S", 3 if letters[0] == "S" else 2)
                emit_results(out, "%s_mul_%s_%s" % (name, operation, letters), kind, "",
                             substitute(form, kind, "%s * %s" % (x, y), operand(kind, "S", 1)), 2)


def others(out):
    """Families that belong to no one opcode."""
    for kind in "Ifd":
        for letter in "SRL":
            condition = operand("i", letter, 3)
            emit_results(out, "select_%s_%s" % (kind, letter), kind, "",
                         "(%s) ? SLOT_%s(1) : SLOT_%s(2)" % (condition, kind, kind), 2)
        emit_results(out, "global_get_" + kind, kind, "", "CELL_%s(2)" % kind, 3)
    for letter in "SRL":
        condition = operand("i", letter, 1)
        for sense, form in (("if", "%s"), ("unless", "!(%s)")):
            branch(out, "br_%s_%s" % (letter, sense), "", form % condition)
    for letter in "SRL":
        out.add("br_table_" + letter, table("", operand("i", letter, 1)))


def parse(path):
    for line in open(path, encoding="ascii"):
        line = line.split("#")[0].strip()
        if line:
            yield line


def generate(path):
    """The handlers of all rows: those of numbers, and those of vectors; and what is joined."""
    out, vectors, rows = Output(), Output(), []
    for line in parse(path):
        if line.startswith("join "):
            rows += generate_join.spread(line.split()[1:])
            continue
        kind, name, opcode, types, rest = line.split(None, 4)
        opcode = None if opcode == "-" else int(opcode, 16)
        expression, _, tail = (part.strip() for part in rest.partition(";"))
        if kind == "binary":
            binary(out, name, opcode, types, expression, tail)
        elif kind == "compare":
            compare(out, name, opcode, types, expression, int(tail, 16) if tail else 0)
        elif kind == "unary":
            unary(out, name, opcode, types, expression, tail)
        elif kind == "load":
            memory_type, _, convert = expression.partition(" ")
            load(out, name, opcode, types, memory_type, convert)
        elif kind == "store":
            store(out, name, opcode, types, expression)
        elif kind == "field":
            memory_type, _, convert = expression.partition(" ")
            field(out, name, types, memory_type, convert)
        elif kind.startswith("atomic_"):
            generate_atomic.family(out, kind[len("atomic_"):], name, opcode, expression)
        elif kind.startswith("vector_"):
            generate_vector.family(vectors, kind[len("vector_"):], name, opcode, types, expression,
                                   tail)
        else:
            sys.exit("%s: no such kind of shape: %s" % (path, line))
    fused(out)
    pairs_with_branch(out)
    pairs_with_load(out)
    multiply_add(out)
    others(out)
    jumps(out)
    indices(out)
    scaled_loads(out)
    return out, vectors, generate_join.joined(out, vectors, rows)


def write(out, folder):
    with open(folder + "/handlers.inc", "w", encoding="ascii") as f:
        f.write("/* Made by lib/exec/generate.py from lib/exec/shapes.txt. */\n")
        f.write(out.handlers())
    with open(folder + "/classes.inc", "w", encoding="ascii") as f:
        f.write("/* Made by lib/exec/generate.py. */\n")
        for prefix, names in (("INT", INT_CLASSES), ("FLOAT", FLOAT_CLASSES),
                              ("ADDRESS", ADDRESS_CLASSES), ("VALUE", STORE_VALUES)):
            f.write("enum {%s};\n" % ", ".join("%s_%s" % (prefix, name) for name in names))
    with open(folder + "/shapes.inc", "w", encoding="ascii") as f:
        f.write("/* Made by lib/exec/generate.py from lib/exec/shapes.txt. */\n")
        f.write("static const struct shape shapes[] = {\n")
        for opcode, fields in sorted(out.rows.items()):
            f.write("\t[0x%02x] = {%s},\n" % (opcode, ", ".join(
                ".%s = %s" % (key, "SHAPE_" + value if key == "kind" else value)
                for key, value in fields.items())))
        f.write("};\n")


if __name__ == "__main__":
    numbers, vectors, joins = generate(sys.argv[1])
    write(numbers, sys.argv[2])
    generate_vector.write(vectors, sys.argv[2])
    generate_join.write(joins, vectors, sys.argv[2])
