# SPDX-License-Identifier: Apache-2.0
"""Programs of vectors, as text: what the differential fuzzer runs with --vectors.

Binaryen's programs seldom come to what the translator does with vectors, which depends on what stands
beside what: a local that is set while its old value is an operand, two shifts that are a rotation,
steps of a cipher whose operands are in registers, products of what is loaded, tests that are branched
on. Here such things are what programs are made of. All of it ends, floats are small whole numbers (so
no NaN has bits of its own), and what a function made it folds into a number and leaves in memory.
"""
FUNCTIONS = 14
LOCALS = 6
# Where data is, and what an address is masked with: the farthest access is far inside the memory.
DATA = 256
MASK = 127
LANES = {"i8x16": 8, "i16x8": 16, "i32x4": 32, "i64x2": 64}
BINARY = """i8x16.add i8x16.sub i16x8.add i16x8.sub i16x8.mul i32x4.add i32x4.sub i32x4.mul i64x2.add
i64x2.sub i64x2.mul v128.xor v128.and v128.or v128.andnot i8x16.swizzle i16x8.add_sat_s i8x16.max_u
i8x16.min_u i32x4.min_s i8x16.eq i32x4.lt_s i32x4.dot_i16x8_s i8x16.narrow_i16x8_u i8x16.sub_sat_u
i16x8.extmul_low_i8x16_s i8x16.avgr_u""".split()
OFTEN = "i32x4.add v128.xor v128.or i16x8.add i64x2.add i16x8.mul".split()
UNARY = """i16x8.extend_low_i8x16_u i16x8.extend_high_i8x16_u i16x8.extadd_pairwise_i8x16_u
i32x4.extadd_pairwise_i16x8_u i8x16.popcnt i32x4.abs i16x8.neg v128.not""".split()
LOADS = "v128.load v128.load32_splat v128.load64_splat v128.load8_splat v128.load16_splat v128.load32_zero"
LOADS = LOADS.split()
TESTS = "v128.any_true i8x16.all_true i32x4.all_true i8x16.bitmask i16x8.bitmask i64x2.all_true".split()
FLOATS = {"f32x4": "f32x4.convert_i32x4_s", "f64x2": "f64x2.convert_low_i32x4_s"}
SPLATS = {"f32x4": "v128.load32_splat", "f64x2": "v128.load64_splat"}


def get(name):
    return "(local.get $%s)" % name


def put(name, value):
    return "(local.set $%s %s)" % (name, value)


def const(*lanes):
    return "(v128.const i32x4 %d %d %d %d)" % lanes


class Body:
    """The statements of one function."""

    def __init__(self, chance):
        self.chance = chance

    def pick(self, *weighted):
        """One of the functions, by weight; what it returns."""
        weights, functions = zip(*weighted)
        return self.chance.choices(functions, weights)[0]()

    def vector(self):
        return "v%d" % self.chance.randrange(LOCALS)

    def address(self):
        return self.chance.choice([
            "(i32.const %d)" % self.chance.randrange(DATA), get("p"),
            "(i32.and %s (i32.const %d))" % (get("i"), MASK),
            "(i32.add %s (i32.const %d))" % (get("p"), self.chance.choice([4, 8, 16, 32] * 9 + [-4])),
            "(i32.add %s %s)" % (get("p"), get("q"))])

    def offset(self):
        return self.chance.choice(["", "offset=4 ", "offset=16 ", "offset=64 "])

    # Expressions.

    def expression(self, depth):
        if depth <= 0:
            return get(self.vector())
        return self.pick(
            (28, lambda: get(self.vector())),
            (8, lambda: "(local.tee $%s %s)" % (self.vector(), self.expression(depth - 1))),
            (14, lambda: self.rotation(depth)), (5, lambda: self.shift(depth)),
            (7, lambda: self.shuffle(depth)), (8, self.load), (3, self.constant),
            (5, lambda: self.floats(depth)), (4, lambda: self.of_number(depth)),
            (2, lambda: "(v128.bitselect %s %s %s)" % tuple(self.several(3, depth))),
            (2, lambda: "(%s %s)" % (self.chance.choice(UNARY), self.expression(depth - 1))),
            (14, lambda: self.binary(depth)))

    def several(self, count, depth):
        return [self.expression(depth - 1) for _ in range(count)]

    def binary(self, depth):
        name = self.chance.choice(self.chance.choice([OFTEN, BINARY]))
        return "(%s %s %s)" % (name, *self.several(2, depth))

    def shift(self, depth):
        count = self.chance.choice([get("i"), "(i32.const %d)" % self.chance.randrange(70)])
        return "(%s.%s %s %s)" % (self.chance.choice(list(LANES)),
                                  self.chance.choice(["shl", "shr_u", "shr_s"]),
                                  self.expression(depth - 1), count)

    def rotation(self, depth):
        """Or nearly one: another local, other bits, an exclusive or."""
        lanes = self.chance.choice(list(LANES))
        left = self.chance.randrange(1, LANES[lanes])
        right = LANES[lanes] - left
        if self.chance.random() < .15:
            right = self.chance.randrange(1, LANES[lanes])
        name = self.vector()
        first, second = get(name), get(name if self.chance.random() < .85 else self.vector())
        if self.chance.random() < .3:
            first = "(local.tee $%s %s)" % (name, self.expression(depth - 1))
        halves = ["(%s.shl %s (i32.const %d))" % (lanes, first, left),
                  "(%s.shr_u %s (i32.const %d))" % (lanes, second, right)]
        if "tee" not in first and self.chance.random() < .5:
            halves.reverse()
        return "(v128.%s %s %s)" % (self.chance.choice(["or", "or", "or", "xor"]), *halves)

    def shuffle(self, depth):
        turn = self.chance.randrange(1, 4)
        indices = self.chance.choice([
            [self.chance.randrange(32) for _ in range(16)], [(i + 4 * turn) % 16 for i in range(16)],
            [(i // 4 * 4 + (i + turn) % 4) for i in range(16)],
            [16 + self.chance.randrange(16) for _ in range(16)]])
        first, second = self.several(2, depth)
        if self.chance.random() < .4:
            first = second = get(self.vector())
        return "(i8x16.shuffle %s %s %s)" % (" ".join(map(str, indices)), first, second)

    def load(self):
        return "(%s %s%s)" % (self.chance.choice(LOADS), self.offset(), self.address())

    def constant(self):
        return const(*(self.chance.randrange(-1 << 31, 1 << 31) for _ in range(4)))

    def small(self, lanes, depth):
        return "(%s (v128.and %s %s))" % (FLOATS[lanes], self.expression(depth - 2),
                                          const(MASK, MASK, MASK, MASK))

    def floats(self, depth):
        lanes = self.chance.choice(list(FLOATS))
        names = [self.chance.choice(["add", "sub", "mul"]) for _ in range(2)]
        return "(%s.%s (%s.%s %s %s) %s)" % (lanes, names[0], lanes, names[1],
                                             *(self.small(lanes, depth) for _ in range(3)))

    def of_number(self, depth):
        if self.chance.random() < .5:
            return "(i32x4.splat (i32.add %s (i32.const %d)))" % (get("i"), self.chance.randrange(99))
        return "(i32x4.replace_lane %d %s %s)" % (self.chance.randrange(4),
                                                  self.expression(depth - 1), get("i"))

    def condition(self):
        test = "(%s %s)" % (self.chance.choice(TESTS), self.expression(2))
        return self.chance.choice(["%s", "%s", "(i32.eqz %s)", "(i32.eqz (i32.eqz %s))",
                                   "(local.tee $q (i32.and (i32.const 31) %s))"]) % test

    # Statements.

    def statement(self, nested=False):
        return self.pick(
            (55, lambda: put(self.vector(), self.expression(self.chance.randrange(1, 5)))),
            (14, lambda: "(v128.store %s%s %s)" % (self.offset(), self.address(), self.expression(3))),
            (5, lambda: put("p", "(i32.and (i32.add %s (i32.const %d)) (i32.const %d))" % (
                get("p"), self.chance.choice([1, 4, 16]), MASK))),
            (5, lambda: "(if %s (then %s %s) (else %s))" % (
                self.condition(), *(self.statement(True) for _ in range(3)))),
            (2, lambda: put(self.vector(), "(call $mix %s %s)" % tuple(self.several(2, 3)))),
            (8, self.steps), (4, self.products), (0 if nested else 8, self.loop))

    def loop(self):
        inside = " ".join(self.statement(True) for _ in range(self.chance.randrange(1, 7)))
        again = "(i32.lt_u (local.tee $i (i32.add %s (i32.const 1))) (i32.const %d))" % (
            get("i"), self.chance.randrange(1, 6))
        if self.chance.random() < .2:
            again = "(i32.and %s (i32.ne (i32.const 0) %s))" % (again, self.condition())
        return "%s (loop $l %s (br_if $l %s))" % (put("i", "(i32.const 0)"), inside, again)

    def steps(self):
        """Sums, exclusive ors and rotations of four locals, in turns, and what may come between."""
        lanes = self.chance.choice(["i32x4", "i32x4", "i64x2", "i16x8"])
        a, b, c, d = self.chance.sample(range(LOCALS), 4)
        text = ""
        for k in range(self.chance.randrange(1, 9)):
            by, to, turned = (b, a, d) if k % 2 == 0 else (d, c, b)
            if self.chance.random() < .06:
                by, to, turned = self.chance.choices((a, b, c, d), k=3)
            text += self.step(lanes, *("v%d" % name for name in (to, by, turned)))
            if self.chance.random() < .25:
                name = "v%d" % self.chance.choice((a, b, c, d))
                text += put(name, "(i8x16.shuffle 4 5 6 7 8 9 10 11 12 13 14 15 0 1 2 3 %s %s)" % (
                    get(name), get(name)))
            elif self.chance.random() < .1:
                text += self.statement(True)
        return text

    def step(self, lanes, to, by, turned):
        left = self.chance.choice([self.chance.randrange(1, LANES[lanes]), 8])
        operands = [get(by), get(to)]
        self.chance.shuffle(operands)
        text = put(to, "(%s.add %s %s)" % (lanes, *operands))
        text += put(turned, "(v128.xor %s %s)" % (get(to), get(turned)))
        return text + put(turned, "(v128.or (%s.shl %s (i32.const %d)) (%s.shr_u %s (i32.const %d)))" % (
            lanes, get(turned), left, lanes, get(turned), LANES[lanes] - left))

    def products(self):
        """A sum of what is loaded times something, to memory or a local. Only bytes that are loaded
        are small, so the sum is of integers in three cases of four."""
        address = self.address()
        total = None
        for k in range(self.chance.randrange(1, 5)):
            value = "(%s offset=%d %s)" % (self.chance.choice(["v128.load", "v128.load32_splat"]), 4 * k,
                                           address)
            name = self.chance.choice(["i32x4.mul", "i32x4.dot_i16x8_s", "i16x8.mul", "f32x4.mul"])
            factor = self.chance.choice([get(self.vector()), self.constant()])
            if name == "f32x4.mul":
                value, factor = ("(f32x4.convert_i32x4_s (v128.and %s %s))" % (
                    x, const(MASK, 3, 1, MASK)) for x in (value, factor))
            product = "(%s %s %s)" % (name, value, factor)
            total = "(i32x4.add %s %s)" % (total, product) if total else product
        if self.chance.random() < .5:
            return "(v128.store %s%s %s)" % (self.offset(), self.address(), total)
        return put(self.vector(), total)


def function(chance, number):
    body = Body(chance)
    names = ["(local $v%d v128)" % i for i in range(LOCALS)]
    names += ["(local $i i32)", "(local $p i32)", "(local $q i32)", "(local $f f64)"]
    chance.shuffle(names)
    begin = "".join(put("v%d" % i, "(v128.load offset=%d (i32.const %d))" % (16 * i, 8 * i))
                    for i in range(LOCALS))
    statements = " ".join(body.statement() for _ in range(chance.randrange(3, 14)))
    total = get("v0")
    for i in range(1, LOCALS):
        total = "(v128.xor (i64x2.mul %s (v128.const i64x2 1000003 7919)) %s)" % (total, get("v%d" % i))
    return ('(func (export "f%d") (param $n i64) (result i64) %s %s (local.set $i (i32.wrap_i64 '
            "(local.get $n))) %s %s (i64.add (i64x2.extract_lane 0 %s) (i64.mul (i64.const 3) "
            "(i64x2.extract_lane 1 %s))))\n" % (number, " ".join(names), begin, statements,
                                                put("v0", total), get("v0"), get("v0")))


def program(chance):
    """The text of a module."""
    data = "".join("\\%02x" % chance.randrange(256) for _ in range(DATA))
    return ('(module (memory (export "memory") 1) (data (i32.const 0) "%s")\n'
            "(func $mix (param $a v128) (param $b v128) (result v128)"
            " (i32x4.add (v128.xor (local.get $a) (local.get $b)) (local.get $a)))\n%s)\n" % (
                data, "".join(function(chance, number) for number in range(FUNCTIONS))))
