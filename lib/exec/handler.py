# SPDX-License-Identifier: Apache-2.0
"""What handlers are written with: operands, destinations, addresses. For generate.py.

The words of an instruction: pc[0] the handler, then four 16-bit fields: the destination slot (or a
store's value), the slots of the operands in order, and instead of the last two a 32-bit constant.
"""
import re

# S: a slot. C: a constant in the instruction. R: the accumulator of the type. L: the pinned local.
INT_CLASSES = "SS SC RS SR RC LS SL LC LR RL LL".split()
FLOAT_CLASSES = "SS RS SR SC RC CS CR".split()
FLOAT_BRANCH_CLASSES = "SS RS SR".split()
ADDRESS_CLASSES = "S R L SS SC RS RC LS LC C".split()
STORE_VALUES = "S R C L".split()
# To the accumulator; to accumulator and slot; to accumulator, slot and pinned local.
INT_DESTINATIONS = "acc slot pin".split()
FLOAT_DESTINATIONS = "acc slot".split()

REGISTER = {"i": "(uint32_t)r0", "I": "r0", "f": "g0", "d": "f0"}
PINNED = {"i": "(uint32_t)l0", "I": "l0"}
SHORT_CONSTANT = {"i": "(uint32_t)I32(1)", "I": "(uint64_t)(int64_t)I32(1)"}
LONG_CONSTANT = {"f": "float_bits((uint32_t)pc[2])", "d": "double_bits(pc[2])"}
SIGNED = {"i": "(int32_t)", "I": "(int64_t)", "f": "", "d": ""}


def is_int(kind):
    return kind in "iI"


class Output:
    def __init__(self):
        self.names = []
        self.bodies = {}
        self.rows = {}

    def add(self, name, body):
        self.names.append(name)
        self.bodies[name] = body

    def handlers(self):
        return "".join("OP(%s, { %s })\n" % (name, self.bodies[name]) for name in self.names)

    def row(self, opcode, **fields):
        self.rows.setdefault(opcode, {}).update(fields)


def operand(kind, letter, field):
    """The C expression of an operand; field is where its slot stands."""
    if letter == "S":
        return "SLOT_%s(%d)" % (kind, field)
    if letter == "R":
        return REGISTER[kind]
    if letter == "L":
        return PINNED[kind]
    return SHORT_CONSTANT[kind] if is_int(kind) else LONG_CONSTANT[kind]


def operands(kind, letters):
    """The expressions of two operands: the slots among them stand in fields 1, 2."""
    first = operand(kind, letters[0], 1)
    return first, operand(kind, letters[1], 2 if letters[0] == "S" else 1)


def substitute(text, kind, a, b=None):
    signed = SIGNED[kind]
    text = re.sub(r"\bSA\b", "(%s(%s))" % (signed, a), text)
    text = re.sub(r"\bA\b", "(%s)" % a, text)
    if b is not None:
        text = re.sub(r"\bSB\b", "(%s(%s))" % (signed, b), text)
        text = re.sub(r"\bB\b", "(%s)" % b, text)
    return text


def destinations(kind):
    return INT_DESTINATIONS if is_int(kind) else FLOAT_DESTINATIONS


def result(kind, expression, destination):
    """The statements that put a value where it goes."""
    register = {"i": "r0", "I": "r0", "f": "g0", "d": "f0"}[kind]
    cast = {"i": "(uint32_t)", "I": "(uint64_t)", "f": "", "d": ""}[kind]
    text = "%s = %s(%s);" % (register, cast, expression)
    if destination != "acc":
        text += " SET_%s(0, %s);" % (kind, register)
    if destination == "pin":
        text += " l0 = r0;"
    return text


def checks(text, kind, a, b=None):
    """"condition TRAP, ..." as statements."""
    out = ""
    for part in filter(None, (p.strip() for p in text.split(","))):
        condition, trap = part.rsplit(" ", 1)
        out += "if (UNLIKELY(%s)) TRAP_%s; " % (substitute(condition, kind, a, b), trap)
    return out


def emit_results(out, name, kind, before, expression, length):
    for destination in destinations(kind):
        body = before + result(kind, expression, destination)
        out.add("%s_%s" % (name, destination), "%s NEXT(%d);" % (body, length))


def sides(length=3):
    """A branch that is taken, and how many words it has, of LENGTH that stand there anyway: forward;
    backward, where an interrupt is seen; and backward where the loop's cost, its last word, is
    counted as well. In this order (enum side of choice.h)."""
    return (("", "JUMP(2);", length), ("_back", "POLL; JUMP(2);", length),
            ("_pays", "SPEND(HALF(%d, 0)); JUMP(2);" % length, length + 1))


def branch(out, name, before, condition, length=3):
    """A handler that branches on a condition, to each side."""
    for side, taken, words in sides(length):
        out.add(name + side, "%sif (%s) { %s } NEXT(%d);" % (before, condition, taken, words))


def branches(out, name, kind, classes, expression, senses):
    """For each class and sense a branch to each side."""
    for letters in classes:
        a, b = operands(kind, letters)
        for suffix, form in senses:
            condition = form % substitute(expression, kind, a, b)
            branch(out, "%s_%s%s" % (name, letters, suffix), "", condition)


def address(letters):
    """The effective address in memory 0, as 64 bits."""
    if letters == "C":
        return "(uint64_t)(uint32_t)I32(1)"
    base = {"S": "SLOT_i(1)", "R": "(uint32_t)r0", "L": "(uint32_t)l0"}[letters[0]]
    if len(letters) == 1:
        return "(uint64_t)%s + (uint32_t)I32(1)" % base
    if letters[1] == "C":
        return "(uint64_t)(uint32_t)(%s + (uint32_t)I32(1))" % base
    return "(uint64_t)(uint32_t)(%s + SLOT_i(%d)) + U16(3)" % (base, 2 if letters == "SS" else 1)


# Of an access at ea, with the type in memory.
CHECK = "if (UNLIKELY(BEYOND(ea, %s))) TRAP_BOUNDS; "
SECOND_CHECK = CHECK.replace("TRAP_BOUNDS", "TRAP_SECOND_BOUNDS")


def access(letters, memory_type):
    return "uint64_t ea = %s; " % address(letters) + CHECK % memory_type
