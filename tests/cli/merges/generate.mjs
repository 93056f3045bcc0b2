// Random modules that import from each other, as text. The same seed gives the same modules.
//
// Module i imports only from modules with a higher number, which are instantiated first. Functions
// call only what was made before them, so that every call ends.

function random(seed) {
  let state = seed >>> 0 || 1;
  const next = () => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
    state ^= state >>> 13;
    return state >>> 0;
  };
  return {
    below: (n) => next() % n,
    chance: (percent) => next() % 100 < percent,
    pick: (list) => list[next() % list.length],
    i32: () => (next() % 3 === 0 ? next() | 0 : next() % 100),
  };
}

const NUMBERS = ["i32", "i64"];
const LISTS = { func: "funcs", global: "globals", memory: "memories", table: "tables" };
const COST_MAX = 3000; // calls that one call may lead to
const INDIRECT_COST = 100;
const OPERATIONS = ["add", "sub", "mul", "and", "or", "xor", "shl", "rotl"];

class Module {
  constructor(name, r) {
    Object.assign(this, { name, r, imports: [], body: [], exports: [] });
    this.funcs = []; // { ref, params, result }
    this.globals = []; // { ref, type }
    this.memories = []; // { ref, pages }
    this.tables = []; // { ref, size }
  }

  // What another module exports, or a host function.
  take(kind, from) {
    const ref = `$${kind}${this[LISTS[kind]].length}`;
    this.imports.push(`(import "${from.module}" "${from.field}" (${kind} ${ref} ${from.type}))`);
    this[LISTS[kind]].push({ ...from, ref });
  }

  add(kind, type, rest, facts) {
    const ref = `$${kind}${this[LISTS[kind]].length}`;
    const field = `${kind}${this[LISTS[kind]].length}`;
    this.body.push(`(${kind} ${ref} (export "${field}") ${rest})`);
    const item = { ref, field, module: this.name, type, ...facts };
    this[LISTS[kind]].push(item);
    this.exports.push({ kind, ...item });
  }

  value(type, locals, depth) {
    const r = this.r;
    const choice = depth > 3 ? r.below(3) : r.below(9);
    const own = locals.filter((l) => l.type === type);
    const globals = this.globals.filter((g) => g.value === type);
    const funcs = this.callable().filter((f) => f.result === type);
    const inner = (t) => this.value(t, locals, depth + 1);
    if (choice === 1 && globals.length) return `(global.get ${r.pick(globals).ref})`;
    if (choice <= 2 && own.length) return `(local.get ${r.pick(own).index})`;
    if (choice <= 2) return `(${type}.const ${r.i32()})`;
    if (choice === 3 && this.memories.length) {
      const memory = r.pick(this.memories).ref;
      return `(${type}.load ${memory} (i32.and ${inner("i32")} (i32.const 1023)))`;
    }
    if (choice === 4 && funcs.length) return this.call(r.pick(funcs), locals, depth);
    if (choice === 5 && this.tables.length && this.cost + INDIRECT_COST < COST_MAX) {
      this.cost += INDIRECT_COST;
      this.isIndirect = true;
      const at = `(i32.and ${inner("i32")} (i32.const 3))`;
      return `(call_indirect ${r.pick(this.tables).ref} (param i32) (result ${type}) ${inner("i32")} ${at})`;
    }
    if (choice === 6) return `(if (result ${type}) ${inner("i32")} (then ${inner(type)}) (else ${inner(type)}))`;
    if (choice === 7 && type === "i64") return `(i64.extend_i32_s ${inner("i32")})`;
    return `(${type}.${r.pick(OPERATIONS)} ${inner(type)} ${inner(type)})`;
  }

  callable() {
    return this.funcs.filter((f) => this.cost + f.cost < COST_MAX);
  }

  call(func, locals, depth) {
    this.cost += func.cost;
    this.isIndirect ||= func.isIndirect;
    return `(call ${func.ref} ${func.params.map((p) => this.value(p, locals, depth + 1)).join(" ")})`;
  }

  statement(locals) {
    const r = this.r;
    const type = r.pick(NUMBERS);
    const globals = this.globals.filter((g) => g.value === type && g.mutable);
    const choice = r.below(5);
    if (choice === 0 && globals.length) return `(global.set ${r.pick(globals).ref} ${this.value(type, locals, 1)})`;
    if (choice <= 1 && this.memories.length) {
      const at = `(i32.and ${this.value("i32", locals, 2)} (i32.const 1023))`;
      return `(${type}.store ${r.pick(this.memories).ref} ${at} ${this.value(type, locals, 2)})`;
    }
    if (choice === 2 && this.passive) {
      return `(memory.init ${this.passive.memory} ${this.passive.ref} (i32.const ${r.below(64)}) (i32.const 0) (i32.const 4))`;
    }
    const funcs = this.callable();
    if (choice === 3 && funcs.length) {
      const func = r.pick(funcs);
      return func.result ? `(drop ${this.call(func, locals, 1)})` : this.call(func, locals, 1);
    }
    return `(call $log ${this.value("i32", locals, 2)})`;
  }

  addFunction(params, result) {
    const locals = params.map((type, index) => ({ type, index }));
    this.cost = 1;
    this.isIndirect = false;
    const statements = Array.from({ length: this.r.below(4) }, () => this.statement(locals));
    const tail = result ? this.value(result, locals, 0) : "";
    const type = `${params.map((p) => `(param ${p})`).join(" ")} ${result ? `(result ${result})` : ""}`;
    this.add("func", type, `${type} ${statements.join(" ")} ${tail}`, {
      params, result, cost: this.cost, isIndirect: this.isIndirect,
    });
  }

  // What the memory holds, as a number.
  addSum() {
    const memory = this.memories[0].ref;
    this.add("func", "(result i32)", `(result i32) (local i32 i32)
      (loop (local.set 0 (i32.add (i32.mul (local.get 0) (i32.const 31)) (i32.load8_u ${memory} (local.get 1))))
        (local.set 1 (i32.add (local.get 1) (i32.const 1)))
        (br_if 0 (i32.lt_u (local.get 1) (i32.const 1100))))
      (local.get 0)`, { params: [], result: "i32", cost: COST_MAX });
  }

  text() {
    const log = '(import "spectest" "print_i32" (func $log (param i32)))';
    return `(module $${this.name}\n${[...this.imports, log, ...this.body].join("\n")})\n`;
  }
}

function fill(module, others) {
  const r = module.r;
  for (const other of others)
    for (const item of other.exports)
      if (r.chance(40) && (item.kind !== "memory" || !module.memories.length)) module.take(item.kind, item);
  // Node 20 knows modules of one memory; merged they may have several.
  if (!module.memories.length && r.chance(70)) module.add("memory", 1, 1, {});
  if (r.chance(50)) module.add("table", "4 funcref", "4 funcref", {});
  for (let i = r.below(3); i > 0; i--) {
    const value = r.pick(NUMBERS);
    const mutable = r.chance(70);
    const type = mutable ? `(mut ${value})` : value;
    const fixed = module.globals.filter((g) => g.value === value && !g.mutable && g.module !== module.name);
    const init = fixed.length && r.chance(50) ? `(global.get ${r.pick(fixed).ref})` : `(${value}.const ${r.i32()})`;
    module.add("global", type, `${type} ${init}`, { value, mutable });
  }
  const bytes = () => Array.from({ length: 4 + r.below(8) }, () => "\\" + (256 + r.below(256)).toString(16).slice(1)).join("");
  for (const memory of module.memories)
    if (r.chance(60)) module.body.push(`(data ${`(memory ${memory.ref})`} (i32.const ${r.below(200)}) "${bytes()}")`);
  if (module.memories.length && r.chance(50)) {
    module.passive = { ref: "$passive", memory: r.pick(module.memories).ref };
    module.body.push(`(data $passive "${bytes()}")`);
  }
  for (let i = 1 + r.below(4); i > 0; i--) {
    const params = r.chance(50) ? ["i32"] : Array.from({ length: r.below(3) }, () => r.pick(NUMBERS));
    module.addFunction(params, r.chance(85) ? r.pick(NUMBERS) : null);
  }
  for (const table of module.tables)
    if (r.chance(80)) {
      // Nothing in a table reaches a table: else a call might not end.
      const direct = module.funcs.filter((f) => !f.isIndirect && f.cost < INDIRECT_COST);
      if (!direct.length) continue;
      const funcs = Array.from({ length: 1 + r.below(3) }, () => r.pick(direct).ref);
      module.body.push(`(elem (table ${table.ref}) (i32.const ${r.below(2)}) func ${funcs.join(" ")})`);
    }
  if (module.memories.length) module.addSum();
  if (r.chance(40)) {
    module.addFunction([], null);
    module.body.push(`(start ${module.funcs[module.funcs.length - 1].ref})`);
  }
}

export function generate(seed) {
  const r = random(seed * 7919 + 17);
  const count = 2 + r.below(3);
  const modules = [];
  for (let i = count - 1; i >= 0; i--) {
    const module = new Module(`m${i}`, r);
    fill(module, modules);
    modules.push(module);
  }
  const calls = [];
  for (const module of modules)
    for (const item of module.exports.filter((e) => e.kind === "func"))
      for (let i = 0; i < 2; i++)
        calls.push({
          module: module.name, field: item.field, result: item.result,
          args: item.params.map((type) => ({ type, value: r.i32() })),
        });
  for (let i = calls.length - 1; i > 0; i--) {
    const j = r.below(i + 1);
    [calls[i], calls[j]] = [calls[j], calls[i]];
  }
  // In the order of instantiation: those that others import from first.
  return { modules: modules.map((m) => ({ name: m.name, text: m.text(), exports: m.exports })), calls };
}
