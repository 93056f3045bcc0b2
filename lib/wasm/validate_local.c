/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locals of a body, as runs of one type. Declaring 50,000 of them takes five bytes, so they are
 * never written out in full: the flat array has only as many as the body has bytes, and what lies
 * beyond is looked up in the runs.
 *
 * A local whose type has no default may not be read before it was set. Until then its place in the
 * flat array is empty, so that reading it takes the slow way; beyond the flat array a bit says so.
 * Setting one notes it in a log, which the end of the block undoes.
 */
#include <string.h>

#include "base/mem.h"
#include "wasm/validate.h"

static bool no_memory(struct validator *v)
{
	return wpkg_reader_fail(&v->in.r, v->here, WPKG_ENOMEM, "no memory for locals");
}

static bool add_run(struct validator *v, uint32_t count, wpkg_valtype type)
{
	if (count == 0)
		return true;
	v->has_unset |= !wpkg_valtype_has_default(type);
	if (v->run_count == v->run_cap) {
		uint32_t cap = v->run_cap ? v->run_cap * 2 : 64;
		struct local_run *runs = wpkg_mem_resize(v->runs, cap, sizeof(*runs));
		if (!runs)
			return no_memory(v);
		v->runs = runs;
		v->run_cap = cap;
	}
	v->local_count += count;
	v->runs[v->run_count++] = (struct local_run){.end = v->local_count, .type = type};
	return true;
}

/* How many, and of which type: a byte each where it is a number type, which nearly all are. */
static bool read_group(struct validator *v, uint32_t *count, wpkg_valtype *type)
{
	struct wpkg_reader *r = &v->in.r;
	const uint8_t *at = r->at;
	if (!v->is_slow && wpkg_reader_left(r) >= 2 && at[0] < 0x80 && at[1] >= 0x7c &&
	    at[1] <= 0x7f) {
		*count = at[0];
		*type = WPKG_TYPE_I32 + (wpkg_valtype)(0x7f - at[1]);
		r->at += 2;
		return true;
	}
	*count = wpkg_reader_u32(r);
	*type = wasm_read_valtype(&v->in);
	return r->status == WPKG_OK;
}

static bool read_runs(struct validator *v)
{
	struct wpkg_reader *r = &v->in.r;
	uint32_t groups = wpkg_reader_count(r, UINT32_MAX, "groups of locals");
	for (uint32_t i = 0; i < groups; i++) {
		v->here = r->at;
		uint32_t count;
		wpkg_valtype type;
		if (!read_group(v, &count, &type))
			return false;
		if ((uint64_t)v->local_count + count > v->local_limit)
			return wpkg_reader_fail(r, v->here, WPKG_ELIMIT,
						"too many locals: more than %u",
						(unsigned)v->local_limit);
		if (!add_run(v, count, type))
			return false;
	}
	return r->status == WPKG_OK;
}

/* The flat array, and the bits for what is beyond it: these stay zero between bodies. */
static bool reserve(struct validator *v, uint32_t flat)
{
	if (!v->far_set) {
		v->far_set = wpkg_mem_calloc(v->local_limit / 8 + 1, 1);
		if (!v->far_set)
			return no_memory(v);
	}
	if (flat <= v->flat_cap)
		return true;
	wpkg_mem_free(v->locals);
	v->flat_cap = 0;
	v->locals = wpkg_mem_alloc(flat * sizeof(*v->locals));
	if (!v->locals)
		return no_memory(v);
	v->flat_cap = flat;
	return true;
}

static void fill_flat(struct validator *v)
{
	wpkg_valtype *locals = v->locals;
	uint32_t at = 0, flat = v->flat_count;
	for (; at < v->params.count; at++)
		locals[at] = v->params.at[at];
	for (uint32_t run = 0; run < v->run_count && at < flat; run++) {
		wpkg_valtype type = v->runs[run].type;
		uint32_t end = v->runs[run].end < flat ? v->runs[run].end : flat;
		if (!wpkg_valtype_has_default(type))
			type = FLOOR;
		while (at < end)
			locals[at++] = type;
	}
}

bool wasm_locals_read(struct validator *v, const struct wpkg_type *type, uint32_t body_bytes)
{
	wasm_locals_forget(v, 0);
	v->params = (struct span){type->params, type->param_count};
	v->run_count = 0;
	v->local_count = type->param_count;
	v->has_unset = false;
	if (!read_runs(v))
		return false;
	/* Parameters are all flat: they are always initialised. */
	uint32_t flat = body_bytes > type->param_count ? body_bytes : type->param_count;
	if (flat > v->local_count)
		flat = v->local_count;
	if (!reserve(v, flat))
		return false;
	v->flat_count = flat;
	fill_flat(v);
	return true;
}

/* The declared type. */
static wpkg_valtype declared(const struct validator *v, uint32_t index)
{
	if (index < v->params.count)
		return v->params.at[index];
	uint32_t low = 0, high = v->run_count - 1;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (index < v->runs[middle].end)
			high = middle;
		else
			low = middle + 1;
	}
	return v->runs[low].type;
}

static bool is_set(const struct validator *v, uint32_t index)
{
	if (index < v->flat_count)
		return v->locals[index] != FLOOR;
	return wpkg_valtype_has_default(declared(v, index)) ||
	       v->far_set[index / 8] >> index % 8 & 1;
}

static bool note_set(struct validator *v, uint32_t index, wpkg_valtype type)
{
	if (v->init_height == v->init_cap) {
		uint32_t cap = v->init_cap ? v->init_cap * 2 : 64;
		uint32_t *log = wpkg_mem_resize(v->init_log, cap, sizeof(*log));
		if (!log)
			return no_memory(v);
		v->init_log = log;
		v->init_cap = cap;
	}
	v->init_log[v->init_height++] = index;
	if (index < v->flat_count)
		v->locals[index] = type;
	else
		v->far_set[index / 8] |= (uint8_t)(1 << index % 8);
	return true;
}

/* What was set since the log had that height is no longer known to be. */
void wasm_locals_forget(struct validator *v, uint32_t height)
{
	while (v->init_height > height) {
		uint32_t index = v->init_log[--v->init_height];
		if (index < v->flat_count)
			v->locals[index] = FLOOR;
		else
			v->far_set[index / 8] &= (uint8_t) ~(1 << index % 8);
	}
}

static bool known(struct validator *v, uint32_t index)
{
	return index < v->local_count || wasm_invalid(v, "unknown local %u", (unsigned)index);
}

bool wasm_local_get(struct validator *v, uint32_t index)
{
	if (!known(v, index))
		return false;
	if (!is_set(v, index))
		return wasm_invalid(v, "uninitialized local %u", (unsigned)index);
	return wasm_push(v, declared(v, index));
}

bool wasm_local_set(struct validator *v, uint32_t index)
{
	if (!known(v, index))
		return false;
	wpkg_valtype type = declared(v, index);
	return wasm_pop(v, type) && (is_set(v, index) || note_set(v, index, type));
}

bool wasm_local_tee(struct validator *v, uint32_t index)
{
	return wasm_local_set(v, index) && wasm_push(v, declared(v, index));
}
