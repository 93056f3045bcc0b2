# SPDX-License-Identifier: Apache-2.0
"""The handlers of atomic accesses, at the address in the accumulator. For generate.py.

A row of the table is an operation in seven widths, whose opcodes follow each other.
"""
import re

from handler import emit_results, operand

# Of the value, of its kind; bits in memory where they are fewer.
WIDTHS = [("i32", "i", 32), ("i64", "I", 64), ("i32", "i", 8), ("i32", "i", 16),
          ("i64", "I", 8), ("i64", "I", 16), ("i64", "I", 32)]


def substitute(expression, kind, bits):
    place = "atomic%d" % bits
    for word, text in (("P", "((%s *)r0)" % place), ("T", place), ("A", operand(kind, "S", 1)),
                       ("B", operand(kind, "S", 2))):
        expression = re.sub(r"\b%s\b" % word, text, expression)
    return expression


def family(out, form, operation, first, expression):
    for number, (type_name, kind, bits) in enumerate(WIDTHS):
        name = "%s_atomic_%s_%d" % (type_name, operation, bits)
        value = substitute(expression, kind, bits)
        check = "if (UNLIKELY(r0 %% %d)) TRAP_UNALIGNED; " % (bits // 8)
        out.row(first + number, kind="ATOMIC",
                first="H_" + name + ("" if form == "store" else "_acc"))
        if form == "store":
            out.add(name, "%s%s; NEXT(2);" % (check, value))
        else:
            emit_results(out, name, kind, check, value, 2)
