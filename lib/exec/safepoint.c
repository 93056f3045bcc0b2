/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the references are when the collector runs: noted at each instruction that may run it. The
 * operands' lists share their ends, so a deep stack of references costs no more than its pushes.
 */
#include "exec/compile.h"

#include <string.h>

#include "base/mem.h"

/* The list that begins with the operand; the one it already has when that still goes on as below.
 */
static uint32_t roots_of(struct translator *t, const struct operand *o, uint32_t below)
{
	if (o->roots != NOWHERE && t->roots[o->roots].below == below)
		return o->roots;
	if (!exec_room(t, &t->roots, &t->root_cap, t->root_count + 1, sizeof(*t->roots)))
		return EXEC_NONE;
	t->roots[t->root_count] = (struct exec_root){o->home, below};
	return t->root_count++;
}

void exec_safepoint(struct translator *t, uint32_t pos)
{
	uint32_t list = t->rooted ? t->stack[t->rooted - 1].roots : EXEC_NONE;
	for (; t->rooted < t->settled; t->rooted++) {
		struct operand *o = &t->stack[t->rooted];
		if (o->kind == KIND_REF)
			list = roots_of(t, o, list);
		o->roots = list;
	}
	for (uint32_t i = t->settled; i < t->height; i++) {
		struct operand *o = &t->stack[i];
		if (o->kind != KIND_REF || o->place != AT_TEMP)
			continue;
		exec_to_slot(t, i);
		list = o->roots = roots_of(t, o, list);
	}
	if (list != EXEC_NONE && exec_room(t, &t->safepoints, &t->safepoint_cap,
					   t->safepoint_count + 1, sizeof(*t->safepoints)))
		t->safepoints[t->safepoint_count++] = (struct exec_safepoint){pos, list};
}

static uint32_t ref_locals(const struct translator *t)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < t->local_count; i++)
		count += t->local_kinds[i] == KIND_REF;
	return count;
}

/* The part of the block at *at, which goes on behind it. */
static void *part(uint8_t **at, const void *from, uint32_t count, size_t size)
{
	void *to = *at;
	if (from && count)
		memcpy(to, from, count * size);
	*at += count * size;
	return to;
}

/* In one block: those with pointers first, as they need its alignment. */
bool exec_copy_frame_info(struct exec_frame_info **out, const struct translator *t)
{
	uint32_t locals = ref_locals(t);
	*out = NULL;
	if (!locals && !t->safepoint_count && !t->region_count)
		return true;
	struct exec_frame_info *info = wpkg_mem_alloc(
		sizeof(*info) + t->catch_count * sizeof(*t->catches) +
		t->region_count * sizeof(*t->regions) + t->root_count * sizeof(*t->roots) +
		t->safepoint_count * sizeof(*t->safepoints) + locals * sizeof(*info->locals));
	if (!info)
		return false;
	uint8_t *at = (uint8_t *)(info + 1);
	info->catches = part(&at, t->catches, t->catch_count, sizeof(*t->catches));
	info->regions = part(&at, t->regions, t->region_count, sizeof(*t->regions));
	info->roots = part(&at, t->roots, t->root_count, sizeof(*t->roots));
	info->safepoints = part(&at, t->safepoints, t->safepoint_count, sizeof(*t->safepoints));
	info->locals = part(&at, NULL, locals, sizeof(*info->locals));
	info->region_count = t->region_count;
	info->safepoint_count = t->safepoint_count;
	info->local_count = 0;
	for (uint32_t i = 0; i < t->local_count; i++)
		if (t->local_kinds[i] == KIND_REF)
			info->locals[info->local_count++] = t->local_slots[i];
	*out = info;
	return true;
}
