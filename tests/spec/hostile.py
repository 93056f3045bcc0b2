#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Modules made to cost a validator much for few bytes, and what ours spends on them.

  hostile.py make DIRECTORY             writes them
  hostile.py large DIRECTORY SCALE      writes programs that are large in one way each, at a
                                        thousandth of SCALE of the size: 1000 is what tools must bear
  hostile.py admit DIRECTORY            writes modules that are made to cost a registry much that links
                                        and runs them
  hostile.py bound KIB CODE COMMAND...  runs COMMAND; says what is wrong when its exit code is not
                                        CODE or when it took more than KIB of memory
  hostile.py run MS KIB CODE COMMAND... runs COMMAND three times; says what is wrong when its exit
                                        code is not CODE, or when it took more than MS of CPU time
                                        at best, or more than KIB of memory
"""
import os
import subprocess
import sys
import time


def number(n):
    out = bytearray()
    while n >= 0x80:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def section(identifier, body):
    return bytes([identifier]) + number(len(body)) + body


def vector(items):
    return number(len(items)) + b"".join(items)


def module(types, functions, bodies):
    """Functions are type indices, bodies the bytes behind their size."""
    return (
        b"\0asm\1\0\0\0"
        + section(1, vector(types))
        + section(3, vector([number(f) for f in functions]))
        + section(10, vector([number(len(b)) + b for b in bodies]))
    )


NOTHING = b"\x60\0\0"
I32 = b"\x7f"
END = b"\x0b"


def many_locals():
    """A hundred thousand functions, each with fifty thousand locals in five bytes."""
    body = b"\1" + number(50000) + I32 + END
    return module([NOTHING], [0] * 100000, [body] * 100000)


def many_labels():
    """br_table with two million labels that take nothing."""
    body = b"\0\x41\0\x0e" + number(2000000) + b"\0" * 2000001 + END
    return module([NOTHING], [0], [body])


def wide_labels():
    """br_table with a million labels, each of which takes a thousand operands."""
    wide = b"\x60\0" + vector([I32] * 1000)
    labels = b"\x0e" + number(1000000) + b"\0" * 1000001
    body = b"\0" + b"\x41\0" * 1001 + labels + END
    return module([wide], [0], [body])


ANYREF, EQREF, NULL = b"\x6e", b"\x6d", b"\xd0\x71"


def wide_different_labels():
    """The same with labels of two types in turn, and operands that are below both."""
    any_type = b"\x60\0" + vector([ANYREF] * 1000)
    eq_type = b"\x60\0" + vector([EQREF] * 1000)
    labels = b"\x0e" + number(1000000) + b"\0\1" * 500000 + b"\0"
    body = b"\0\x02\1" + NULL * 1000 + b"\x41\0" + labels + END + END
    return module([any_type, eq_type], [0], [body])


def wide_calls():
    """A million calls that take a thousand operands of a supertype and give those of a subtype."""
    function = b"\x60" + vector([ANYREF] * 1000) + vector([EQREF] * 1000)
    main = b"\x60\0" + vector([EQREF] * 1000)
    body = b"\0" + NULL * 1000 + b"\x10\1" * 1000000 + END
    return module([main, function], [0, 1], [body, b"\0\0" + END])


def deep_blocks():
    """Two and a half million blocks, one inside the other."""
    deep = 2500000
    body = b"\0" + b"\2\x40" * deep + END * (deep + 1)
    return module([NOTHING], [0], [body])


def many_results():
    """Three hundred thousand calls, each of which leaves a thousand operands."""
    wide = b"\x60\0" + vector([I32] * 1000)
    calls = b"\0" + b"\x10\1" * 300000 + b"\0" + END
    results = b"\0\0" + END
    return module([NOTHING, wide], [0, 1], [calls, results])


# Programs, for "wpkg run": _start traps when its result is not what it should be.


def program(types, bodies):
    """Function 0 is _start."""
    return (
        b"\0asm\1\0\0\0"
        + section(1, vector(types))
        + section(3, vector([number(kind) for kind, _ in bodies]))
        + section(5, b"\1\0\1")
        + section(7, vector([b"\6_start\0\0", b"\6memory\2\0"]))
        + section(10, vector([number(len(body)) + body for _, body in bodies]))
    )


I32_TO_I32 = b"\x60\1\x7f\1\x7f"
IF_NOT_TRAP = b"\x47\x04\x40\0\x0b"  # i32.ne, if, unreachable, end


def signed(n):
    out = bytearray()
    while not -0x40 <= n < 0x40:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n & 0x7F)
    return bytes(out)


def const(n):
    return b"\x41" + signed(n)


def million_instructions(scale):
    """One function of a million instructions: local 0 is counted up."""
    adds = 250 * scale
    body = b"\1\1\x7f" + b"\x20\0\x41\1\x6a\x21\0" * adds
    return program([NOTHING], [(0, body + b"\x20\0" + const(adds) + IF_NOT_TRAP + END)])


def large_table(scale):
    """br_table of 60,000 labels, taken at its last one, which is another than all before."""
    labels = 60 * scale
    switch = b"\x02\x40\x02\x40" + const(labels - 1)
    switch += b"\x0e" + number(labels) + b"\1" * (labels - 1) + b"\0" + b"\1" + END
    return program([NOTHING], [(0, b"\0" + b"\x02\x40" + switch + b"\x0c\1" + END + b"\0" + END + END)])


def many_functions(scale):
    """100,000 functions; _start calls each, and each gives one more than it was given."""
    count = 100 * scale
    calls = b"".join(b"\x10" + number(i + 1) for i in range(count))
    main = b"\0" + const(0) + calls + const(count) + IF_NOT_TRAP + END
    return program([NOTHING, I32_TO_I32], [(0, main)] + [(1, b"\0\x20\0\x41\1\x6a\x0b")] * count)


def nested_blocks(scale):
    """10,000 blocks, one in the other; the innermost branches out of all of them."""
    deep = 10 * scale
    inner = b"\x0c" + number(deep - 1)
    return program([NOTHING], [(0, b"\0" + b"\x02\x40" * deep + inner + END * deep + END)])


# For admission: what costs more than to validate it.


def name(text):
    return number(len(text)) + text.encode()


def huge_start():
    """A start function as long as a function may be: a million additions."""
    adds = 1090000
    body = b"\1\1\x7f" + b"\x20\0\x41\1\x6a\x21\0" * adds + END
    return (
        b"\0asm\1\0\0\0"
        + section(1, vector([NOTHING]))
        + section(3, vector([b"\0", b"\0"]))
        + section(7, vector([name("_start") + b"\0\0"]))
        + section(8, b"\1")
        + section(10, vector([b"\2\0" + END, number(len(body)) + body]))
    )


NEAR = 20000


def near_exports():
    """Twenty thousand exports with names that are nearly those that near_imports asks for."""
    return (
        b"\0asm\1\0\0\0"
        + section(1, vector([NOTHING]))
        + section(3, vector([b"\0"]))
        + section(7, vector([name(f"export{i:05}e") + b"\0\0" for i in range(NEAR)]))
        + section(10, vector([b"\2\0" + END]))
    )


def near_imports():
    """Twenty thousand imports of a package called near, none of which it has."""
    imports = [name("near") + name(f"export{i:05}i") + b"\0\0" for i in range(NEAR)]
    return b"\0asm\1\0\0\0" + section(1, vector([NOTHING])) + section(2, vector(imports))


def many_modules():
    """A hundred thousand imports, each of a module name of its own."""
    imports = [name(f"module{i}") + name("f") + b"\0\0" for i in range(100000)]
    return b"\0asm\1\0\0\0" + section(1, vector([NOTHING])) + section(2, vector(imports))


ADMITTED = [huge_start, near_exports, near_imports, many_modules]

LARGE = [million_instructions, large_table, many_functions, nested_blocks]

HOSTILE = [
    many_locals,
    many_labels,
    wide_labels,
    wide_different_labels,
    wide_calls,
    deep_blocks,
    many_results,
]


def make(directory, hostiles):
    for hostile in hostiles:
        with open(os.path.join(directory, hostile.__name__ + ".wasm"), "wb") as out:
            out.write(hostile())


def make_large(directory, scale):
    for large in LARGE:
        with open(os.path.join(directory, large.__name__ + ".wasm"), "wb") as out:
            out.write(large(scale))


def bound(most_kib, code, command):
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    spent = (usage.ru_utime + usage.ru_stime) * 1000
    print(f"{spent:.0f} ms, {usage.ru_maxrss} KiB")
    if os.waitstatus_to_exitcode(status) != code:
        sys.exit(f"exit code {os.waitstatus_to_exitcode(status)}, not {code}")
    if usage.ru_maxrss > most_kib:
        sys.exit(f"more than {most_kib} KiB")


def run(most_ms, most_kib, code, command):
    best = None
    for _ in range(3):
        process = subprocess.Popen(command)
        _, status, usage = os.wait4(process.pid, 0)
        if os.waitstatus_to_exitcode(status) != code:
            sys.exit(f"exit code {os.waitstatus_to_exitcode(status)}, not {code}")
        spent = (usage.ru_utime + usage.ru_stime) * 1000
        best = spent if best is None else min(best, spent)
    print(f"{best:.0f} ms, {usage.ru_maxrss} KiB")
    if best > most_ms:
        sys.exit(f"more than {most_ms} ms")
    if usage.ru_maxrss > most_kib:
        sys.exit(f"more than {most_kib} KiB")


if sys.argv[1] == "make":
    make(sys.argv[2], HOSTILE)
elif sys.argv[1] == "admit":
    make(sys.argv[2], ADMITTED)
elif sys.argv[1] == "large":
    make_large(sys.argv[2], int(sys.argv[3]))
elif sys.argv[1] == "bound":
    bound(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
else:
    run(int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5:])
