/* SPDX-License-Identifier: Apache-2.0 */
/* Of which type is a reference at run time? (specification, "ref.test", "ref.cast") */
#include "exec/engine_int.h"
#include "exec/reference.h"

static bool object_matches(const struct wpkg_engine *engine, const struct exec_object *object,
			   wpkg_valtype target)
{
	uint32_t heap = target & WPKG_TYPE_INDEX;
	if (object->type == EXEC_TYPE_EXCEPTION)
		return !(target & WPKG_TYPE_CONCRETE) && heap == WPKG_HEAP_EXN;
	const struct exec_layout *layout = engine->layouts[object->type];
	if (target & WPKG_TYPE_CONCRETE) {
		uint32_t depth = engine->types.types[heap].depth;
		return depth <= layout->depth && layout->supers[depth] == heap;
	}
	switch ((enum wpkg_heap)heap) {
	case WPKG_HEAP_ANY:
	case WPKG_HEAP_EQ:
	case WPKG_HEAP_EXTERN:
		return true;
	case WPKG_HEAP_STRUCT:
		return !layout->is_array;
	case WPKG_HEAP_ARRAY:
		return layout->is_array;
	default:
		return false;
	}
}

bool wpkg_ref_matches(const struct wpkg_engine *engine, uint64_t ref, wpkg_valtype target)
{
	bool concrete = (target & WPKG_TYPE_CONCRETE) != 0;
	uint32_t heap = target & WPKG_TYPE_INDEX;
	if (!ref)
		return wpkg_valtype_is_nullable(target);
	if (exec_is_object(ref))
		return object_matches(engine, exec_object(ref), target);
	if (exec_is_i31(ref))
		return !concrete && (heap == WPKG_HEAP_I31 || heap == WPKG_HEAP_EQ ||
				     heap == WPKG_HEAP_ANY || heap == WPKG_HEAP_EXTERN);
	if (exec_is_host(ref))
		return !concrete && (heap == WPKG_HEAP_ANY || heap == WPKG_HEAP_EXTERN);
	if (concrete)
		return wpkg_types_id_matches(&engine->types, ((const struct wpkg_func *)ref)->type,
					     heap);
	return heap == WPKG_HEAP_FUNC;
}

/* Field 1 is the reference's slot, pc[2] the type. */
enum wpkg_trap exec_ref_test(struct vm *vm, uint64_t *fp, const uint64_t *pc)
{
	uint64_t ref = fp[(uint16_t)(pc[1] >> 16)];
	vm->value = wpkg_ref_matches(vm->engine, ref, (wpkg_valtype)pc[2]);
	return WPKG_TRAP_NONE;
}

enum wpkg_trap exec_ref_cast(struct vm *vm, uint64_t *fp, const uint64_t *pc)
{
	uint64_t ref = fp[(uint16_t)(pc[1] >> 16)];
	bool matches = wpkg_ref_matches(vm->engine, ref, (wpkg_valtype)pc[2]);
	return matches ? WPKG_TRAP_NONE : WPKG_TRAP_CAST;
}
