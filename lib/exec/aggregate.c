/* SPDX-License-Identifier: Apache-2.0 */
/* Structs and arrays: the steps of their instructions. */
#include "exec/aggregate.h"

#include <string.h>

#include "exec/compile.h"
#include "exec/engine_int.h"
#include "exec/type.h"

/* A value of a slot (or two) to where a field or an item stands. */
static void put(uint8_t *at, const uint64_t *slot, uint32_t size)
{
	memcpy(at, slot, size); /* the low bytes come first */
}

static uint8_t *item(const struct exec_object *array, uint32_t size, uint64_t i)
{
	return exec_contents((struct exec_object *)(uintptr_t)array) + i * size;
}

enum wpkg_trap exec_struct_make(uint64_t *ref, struct wpkg_engine *engine,
				const struct exec_layout *layout, const uint64_t *values)
{
	struct exec_object *object;
	enum wpkg_trap trap = exec_heap_new(&object, engine, layout->type, 0, layout->size);
	if (trap)
		return trap;
	for (uint32_t i = 0; values && i < layout->field_count; i++) {
		wpkg_valtype type = layout->fields[i].type;
		put(exec_contents(object) + layout->offsets[i], values, exec_storage_size(type));
		values += exec_width(exec_kind_of(type));
	}
	*ref = exec_ref(object);
	return WPKG_TRAP_NONE;
}

static void fill(struct exec_object *array, uint32_t size, uint64_t from, uint64_t count,
		 const uint64_t *value)
{
	if (size == 1) {
		memset(item(array, size, from), (int)(uint8_t)*value, count);
		return;
	}
	for (uint64_t i = from; i < from + count; i++)
		put(item(array, size, i), value, size);
}

enum wpkg_trap exec_array_make(uint64_t *ref, struct wpkg_engine *engine,
			       const struct exec_layout *layout, uint32_t length,
			       const uint64_t *value)
{
	struct exec_object *array;
	enum wpkg_trap trap = exec_heap_new(&array, engine, layout->type, length,
					    (uint64_t)length * layout->size);
	if (trap)
		return trap;
	if (value)
		fill(array, layout->size, 0, length, value);
	*ref = exec_ref(array);
	return WPKG_TRAP_NONE;
}

enum wpkg_trap exec_array_make_fixed(uint64_t *ref, struct wpkg_engine *engine,
				     const struct exec_layout *layout, uint32_t length,
				     const uint64_t *values)
{
	struct exec_object *array;
	enum wpkg_trap trap = exec_heap_new(&array, engine, layout->type, length,
					    (uint64_t)length * layout->size);
	if (trap)
		return trap;
	for (uint32_t i = 0; i < length; i++)
		put(item(array, layout->size, i), values + (size_t)i * layout->slots, layout->size);
	*ref = exec_ref(array);
	return WPKG_TRAP_NONE;
}

/* The steps. Field 0 is the result's slot, field 1 the first operand's; others follow it. */

static uint64_t *operands(uint64_t *fp, const uint64_t *pc)
{
	return fp + (uint16_t)(pc[1] >> 16);
}

/* Allocation may collect, and costs fuel by its size. */
static void before(struct vm *vm, uint64_t *fp, const uint64_t *pc, uint64_t bytes)
{
	vm->pc = pc;
	vm->fp = fp;
	vm->fuel -= (int64_t)(bytes / 64);
}

static enum wpkg_trap done(uint64_t *fp, const uint64_t *pc, enum wpkg_trap trap, uint64_t ref)
{
	if (!trap)
		fp[(uint16_t)pc[1]] = ref;
	return trap;
}

enum wpkg_trap exec_struct_new(struct vm *vm, uint64_t *fp, const uint64_t *pc)
{
	const struct exec_layout *layout = (const struct exec_layout *)pc[2];
	uint64_t ref = 0;
	before(vm, fp, pc, layout->size);
	enum wpkg_trap trap = exec_struct_make(&ref, vm->engine, layout, operands(fp, pc));
	return done(fp, pc, trap, ref);
}

enum wpkg_trap exec_struct_new_default(struct vm *vm, uint64_t *fp, const uint64_t *pc)
{
	const struct exec_layout *layout = (const struct exec_layout *)pc[2];
	uint64_t ref = 0;
	before(vm, fp, pc, layout->size);
	enum wpkg_trap trap = exec_struct_make(&ref, vm->engine, layout, NULL);
	return done(fp, pc, trap, ref);
}

/* Operands: the value, and behind its slots the length; or the length alone. */
static enum wpkg_trap new_array(struct vm *vm, uint64_t *fp, const uint64_t *pc, bool has_value)
{
	const struct exec_layout *layout = (const struct exec_layout *)pc[2];
	const uint64_t *in = operands(fp, pc);
	uint32_t length = (uint32_t)in[has_value ? layout->slots : 0];
	uint64_t ref = 0;
	before(vm, fp, pc, (uint64_t)length * layout->size);
	enum wpkg_trap trap =
		exec_array_make(&ref, vm->engine, layout, length, has_value ? in : NULL);
	return done(fp, pc, trap, ref);
}

enum wpkg_trap exec_array_new(struct vm *vm, uint64_t *fp, const uint64_t *pc)
{
	return new_array(vm, fp, pc, true);
}

enum wpkg_trap exec_array_new_default(struct vm *vm, uint64_t *fp, const uint64_t *pc)
{
	return new_array(vm, fp, pc, false);
}

enum wpkg_trap exec_array_new_fixed(struct vm *vm, uint64_t *fp, const uint64_t *pc)
{
	const struct exec_layout *layout = (const struct exec_layout *)pc[2];
	uint32_t length = (uint32_t)pc[3];
	uint64_t ref = 0;
	before(vm, fp, pc, (uint64_t)length * layout->size);
	enum wpkg_trap trap =
		exec_array_make_fixed(&ref, vm->engine, layout, length, operands(fp, pc));
	return done(fp, pc, trap, ref);
}

static bool inside(uint64_t start, uint64_t count, uint64_t size)
{
	return start <= size && count <= size - start;
}

enum wpkg_trap exec_array_new_data(struct vm *vm, uint64_t *fp, const uint64_t *pc)
{
	const struct exec_layout *layout = (const struct exec_layout *)pc[2];
	const struct exec_data *data = &((const struct wpkg_instance *)pc[3])->datas[pc[4]];
	const uint64_t *in = operands(fp, pc);
	uint64_t from = (uint32_t)in[0], length = (uint32_t)in[1], bytes = length * layout->size;
	uint64_t ref = 0;
	if (!inside(from, bytes, data->length))
		return WPKG_TRAP_MEMORY_BOUNDS;
	before(vm, fp, pc, bytes);
	enum wpkg_trap trap = exec_array_make(&ref, vm->engine, layout, (uint32_t)length, NULL);
	if (!trap && bytes)
		memcpy(exec_contents(exec_object(ref)), data->bytes + from, bytes);
	return done(fp, pc, trap, ref);
}

enum wpkg_trap exec_array_new_elem(struct vm *vm, uint64_t *fp, const uint64_t *pc)
{
	const struct exec_layout *layout = (const struct exec_layout *)pc[2];
	const struct exec_elem *elem = &((const struct wpkg_instance *)pc[3])->elems[pc[4]];
	const uint64_t *in = operands(fp, pc);
	uint64_t from = (uint32_t)in[0], length = (uint32_t)in[1], ref = 0;
	if (!inside(from, length, elem->length))
		return WPKG_TRAP_TABLE_BOUNDS;
	before(vm, fp, pc, length * layout->size);
	enum wpkg_trap trap = exec_array_make(&ref, vm->engine, layout, (uint32_t)length, NULL);
	if (!trap && length)
		memcpy(exec_contents(exec_object(ref)), elem->refs + from, length * sizeof(ref));
	return done(fp, pc, trap, ref);
}

enum wpkg_trap exec_array_fill(struct vm *vm, uint64_t *fp, const uint64_t *pc)
{
	const struct exec_layout *layout = (const struct exec_layout *)pc[2];
	const uint64_t *in = operands(fp, pc);
	uint64_t from = (uint32_t)in[1], count = (uint32_t)in[2 + layout->slots];
	if (!in[0])
		return WPKG_TRAP_NULL_REFERENCE;
	struct exec_object *array = exec_object(in[0]);
	if (!inside(from, count, array->length))
		return WPKG_TRAP_ARRAY_BOUNDS;
	vm->fuel -= (int64_t)(count * layout->size / 64);
	fill(array, layout->size, from, count, in + 2);
	return WPKG_TRAP_NONE;
}

enum wpkg_trap exec_array_copy(struct vm *vm, uint64_t *fp, const uint64_t *pc)
{
	uint32_t size = ((const struct exec_layout *)pc[2])->size;
	const uint64_t *in = operands(fp, pc);
	uint64_t to = (uint32_t)in[1], from = (uint32_t)in[3], count = (uint32_t)in[4];
	if (!in[0] || !in[2])
		return WPKG_TRAP_NULL_REFERENCE;
	struct exec_object *target = exec_object(in[0]), *source = exec_object(in[2]);
	if (!inside(to, count, target->length) || !inside(from, count, source->length))
		return WPKG_TRAP_ARRAY_BOUNDS;
	vm->fuel -= (int64_t)(count * size / 64);
	memmove(item(target, size, to), item(source, size, from), count * size);
	return WPKG_TRAP_NONE;
}

enum wpkg_trap exec_array_init_data(struct vm *vm, uint64_t *fp, const uint64_t *pc)
{
	uint32_t size = ((const struct exec_layout *)pc[2])->size;
	const struct exec_data *data = &((const struct wpkg_instance *)pc[3])->datas[pc[4]];
	const uint64_t *in = operands(fp, pc);
	uint64_t to = (uint32_t)in[1], from = (uint32_t)in[2], count = (uint32_t)in[3];
	if (!in[0])
		return WPKG_TRAP_NULL_REFERENCE;
	struct exec_object *array = exec_object(in[0]);
	if (!inside(to, count, array->length))
		return WPKG_TRAP_ARRAY_BOUNDS;
	if (!inside(from, count * size, data->length))
		return WPKG_TRAP_MEMORY_BOUNDS;
	vm->fuel -= (int64_t)(count * size / 64);
	if (count)
		memcpy(item(array, size, to), data->bytes + from, count * size);
	return WPKG_TRAP_NONE;
}

enum wpkg_trap exec_array_init_elem(struct vm *vm, uint64_t *fp, const uint64_t *pc)
{
	const struct exec_elem *elem = &((const struct wpkg_instance *)pc[3])->elems[pc[4]];
	const uint64_t *in = operands(fp, pc);
	uint64_t to = (uint32_t)in[1], from = (uint32_t)in[2], count = (uint32_t)in[3];
	if (!in[0])
		return WPKG_TRAP_NULL_REFERENCE;
	struct exec_object *array = exec_object(in[0]);
	if (!inside(to, count, array->length))
		return WPKG_TRAP_ARRAY_BOUNDS;
	if (!inside(from, count, elem->length))
		return WPKG_TRAP_TABLE_BOUNDS;
	vm->fuel -= (int64_t)(count * sizeof(uint64_t) / 64);
	if (count)
		memcpy(item(array, sizeof(uint64_t), to), elem->refs + from,
		       count * sizeof(uint64_t));
	return WPKG_TRAP_NONE;
}
