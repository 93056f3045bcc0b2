/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/reference.h"

#include "base/mem.h"
#include "exec/engine_int.h"

enum wpkg_ref_kind wpkg_ref_kind(const struct wpkg_engine *engine, uint64_t ref)
{
	if (!ref)
		return WPKG_REF_KIND_NULL;
	if (exec_is_i31(ref))
		return WPKG_REF_KIND_I31;
	if (exec_is_host(ref))
		return WPKG_REF_KIND_HOST;
	if (!exec_is_object(ref))
		return WPKG_REF_KIND_FUNC;
	uint32_t type = exec_object(ref)->type;
	if (type == EXEC_TYPE_EXCEPTION)
		return WPKG_REF_KIND_EXCEPTION;
	return engine->layouts[type]->is_array ? WPKG_REF_KIND_ARRAY : WPKG_REF_KIND_STRUCT;
}

uint64_t wpkg_ref_from_host(uint64_t n)
{
	return n << 2 | 2;
}

uint64_t wpkg_ref_to_host(uint64_t ref)
{
	return ref >> 2;
}

/* Few are held at a time, and those that were held last are released first. */
static struct exec_held *find_held(struct wpkg_engine *engine, uint64_t ref)
{
	for (uint32_t i = engine->held_count; i > 0; i--)
		if (engine->held[i - 1].ref == ref)
			return &engine->held[i - 1];
	return NULL;
}

enum wpkg_status wpkg_ref_hold(struct wpkg_engine *engine, uint64_t ref, struct wpkg_err *err)
{
	struct exec_held *held = exec_is_object(ref) ? find_held(engine, ref) : NULL;
	if (!exec_is_object(ref))
		return WPKG_OK;
	if (held) {
		held->count++;
		return WPKG_OK;
	}
	if (engine->held_count == engine->held_cap) {
		uint32_t cap = engine->held_cap ? engine->held_cap * 2 : 16;
		struct exec_held *grown = wpkg_mem_resize(engine->held, cap, sizeof(*grown));
		if (!grown)
			return WPKG_FAIL(err, WPKG_ENOMEM, "no memory to hold a reference");
		engine->held = grown;
		engine->held_cap = cap;
	}
	engine->held[engine->held_count++] = (struct exec_held){ref, 1};
	return WPKG_OK;
}

void wpkg_ref_release(struct wpkg_engine *engine, uint64_t ref)
{
	struct exec_held *held = exec_is_object(ref) ? find_held(engine, ref) : NULL;
	if (held && --held->count == 0)
		*held = engine->held[--engine->held_count];
}
