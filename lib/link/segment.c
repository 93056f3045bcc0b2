/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Data in memory: segments of one kind of name (".data.x" is ".data") become one segment of the
 * output. In the order of addresses:
 *
 *   the stack, which grows down to 0, unless it is last
 *   ".tdata", ".rodata", ".data", other names as they appeared, ".bss" (zero, and not written)
 *   the flag that says who initialized a shared memory
 *   the stack, when it is last
 *   __heap_base
 */
#include <stdlib.h>

#include "base/mem.h"
#include "link/object_int.h"

#define PAGE 65536
#define STACK_BYTES 65536
#define STACK_ALIGNMENT 16
#define GLOBAL_BASE 1024
#define PARTS_MAX (UINT32_C(1) << 24)
#define APPEARANCE (PARTS_MAX - 1)

static const struct wpkg_str merged[] = {WPKG_STR(".tdata"), WPKG_STR(".rodata"), WPKG_STR(".data"),
					 WPKG_STR(".bss")};
enum { PART_TLS, PART_RODATA, PART_DATA, PART_BSS, PART_OTHER };

/* Is it the name, or does it begin with the name and a dot? */
static bool is_of(struct wpkg_str name, struct wpkg_str group)
{
	return wpkg_str_starts(name, group) &&
	       (name.len == group.len || name.ptr[group.len] == '.');
}

static struct wpkg_str part_name(const struct obj_segment *segment, unsigned *class)
{
	*class = PART_TLS;
	if (segment->flags & OBJ_SEGMENT_TLS)
		return merged[PART_TLS];
	for (*class = PART_TLS; *class < PART_OTHER; ++*class)
		if (is_of(segment->name, merged[*class]))
			return merged[*class];
	return segment->name;
}

bool obj_segment_is_zero(const struct obj_file *file, uint32_t segment)
{
	struct wpkg_str bytes = obj_bytes(file, file->datas[segment].range);
	return bytes.len == 0 ||
	       (bytes.ptr[0] == 0 && memcmp(bytes.ptr, bytes.ptr + 1, bytes.len - 1) == 0);
}

static uint32_t rank_of(unsigned class, uint32_t appearance)
{
	static const uint32_t ranks[] = {0, 1, 2, 4, 3};
	return ranks[class] * PARTS_MAX + appearance;
}

static bool grow_parts(struct obj_link *o)
{
	uint32_t count = o->part_count;
	if (count == PARTS_MAX) {
		wpkg_err_set(o->err, WPKG_ELIMIT, "link: too many names of segments");
		return false;
	}
	/* Most programs have three. */
	if ((count & (count - 1)) != 0 || count == 1)
		return true;
	struct obj_part *more =
		wpkg_mem_resize(o->parts, count > 0 ? (size_t)count * 2 : 2, sizeof(*more));
	if (!more) {
		obj_no_memory(o);
		return false;
	}
	o->parts = more;
	return true;
}

static enum wpkg_status add_to_part(struct obj_link *o, struct link_names *names,
				    struct obj_file *file, uint32_t segment)
{
	bool is_new;
	unsigned class;
	struct wpkg_str name = part_name(&file->segments[segment], &class);
	uint32_t *number = link_names_put(names, name, &is_new);
	if (!number)
		return obj_no_memory(o);
	if (is_new) {
		if (!grow_parts(o))
			return o->err->status;
		*number = o->part_count;
		o->parts[o->part_count++] = (struct obj_part){.name = name,
							      .is_tls = class == PART_TLS,
							      .is_zero = class == PART_BSS,
							      .out = OBJ_NONE,
							      .rank = rank_of(class, *number)};
	}
	struct obj_part *part = &o->parts[*number];
	file->datas[segment].part = *number;
	if (part->is_zero &&
	    (file->datas[segment].reloc_count > 0 || !obj_segment_is_zero(file, segment)))
		part->is_zero = false;
	if (part->alignment < file->segments[segment].alignment)
		part->alignment = file->segments[segment].alignment;
	return WPKG_OK;
}

static enum wpkg_status collect_parts(struct obj_link *o)
{
	struct link_names names = {0};
	enum wpkg_status status = WPKG_OK;
	for (uint32_t i = 0; i < o->file_count; i++) {
		for (uint32_t s = 0; status == WPKG_OK && s < o->files[i].module->data_count; s++)
			if (o->files[i].datas[s].is_live)
				status = add_to_part(o, &names, &o->files[i], s);
		obj_rest(o, &o->files[i]);
	}
	link_names_clear(&names);
	return status;
}

static int compare_parts(const void *a, const void *b)
{
	const struct obj_part *one = a, *other = b;
	return (one->rank > other->rank) - (one->rank < other->rank);
}

static uint64_t align(uint64_t at, uint8_t alignment)
{
	uint64_t mask = (UINT64_C(1) << alignment) - 1;
	return (at + mask) & ~mask;
}

/* Offsets in the parts, and their sizes. */
static enum wpkg_status place_in_parts(struct obj_link *o)
{
	uint32_t *moved = wpkg_arena_alloc(&o->arena, (size_t)o->part_count + 1, sizeof(*moved));
	if (!moved)
		return obj_no_memory(o);
	if (o->part_count > 0)
		qsort(o->parts, o->part_count, sizeof(*o->parts), compare_parts);
	for (uint32_t i = 0; i < o->part_count; i++)
		moved[o->parts[i].rank & APPEARANCE] = i;
	for (uint32_t i = 0; i < o->file_count; i++)
		for (uint32_t s = 0; s < o->files[i].module->data_count; s++) {
			struct obj_chunk *chunk = &o->files[i].datas[s];
			if (!chunk->is_live)
				continue;
			chunk->part = moved[chunk->part];
			if (chunk->is_hosted)
				continue;
			struct obj_part *part = &o->parts[chunk->part];
			uint64_t start = align(part->size, o->files[i].segments[s].alignment);
			part->size = start + chunk->range.end - chunk->range.start;
			if (part->size > UINT32_MAX)
				return WPKG_FAIL(o->err, WPKG_ELIMIT,
						 "data '%.*s' of more than 4 GiB",
						 WPKG_STR_ARG(part->name));
			chunk->out = (uint32_t)start;
		}
	obj_place_hosted(o);
	return WPKG_OK;
}

bool obj_needs_init(const struct obj_link *o, const struct obj_part *part)
{
	/* What is not ours may hold anything. */
	return part->size > 0 &&
	       (o->options->shared_memory ? !part->is_zero || o->options->import_memory
					  : part->is_zero && o->options->import_memory);
}

static void place_parts(struct obj_link *o, uint64_t *at)
{
	bool needs_flag = false;
	for (uint32_t i = 0; i < o->part_count; i++) {
		struct obj_part *part = &o->parts[i];
		*at = part->address = align(*at, part->alignment);
		*at += part->size;
		if (part->is_tls) {
			o->tls_at = part->address;
			o->tls_bytes = part->size;
			o->tls_alignment = part->alignment;
		}
		o->has_init = o->has_init || obj_needs_init(o, part);
		needs_flag = needs_flag || (o->options->shared_memory && obj_needs_init(o, part));
	}
	if (needs_flag) {
		o->init_flag = align(*at, 2);
		*at = o->init_flag + 4;
	}
}

static void set_bounds(struct obj_link *o)
{
	for (uint32_t i = 0; i < o->symbol_count; i++) {
		struct obj_symbol *symbol = &o->symbols[i];
		if (symbol->made != OBJ_MADE_START && symbol->made != OBJ_MADE_STOP)
			continue;
		struct wpkg_str name = wpkg_str_from_offset(
			symbol->name, symbol->made == OBJ_MADE_START ? sizeof("__start_") - 1
								     : sizeof("__stop_") - 1);
		for (uint32_t p = 0; p < o->part_count; p++)
			if (wpkg_str_equal(o->parts[p].name, name))
				symbol->offset =
					o->parts[p].address +
					(symbol->made == OBJ_MADE_STOP ? o->parts[p].size : 0);
	}
}

static void set_address(struct obj_link *o, struct wpkg_str name, uint64_t address)
{
	uint32_t number = obj_symbol_find(o, name);
	if (number != OBJ_NONE && o->symbols[number].made == OBJ_MADE_ADDRESS)
		o->symbols[number].offset = address;
}

static enum wpkg_status size_memory(struct obj_link *o, uint64_t needed)
{
	const struct wpkg_object_options *options = o->options;
	uint64_t most = o->is_64 ? UINT64_C(1) << 48 : UINT64_C(1) << 32;
	uint64_t initial = options->initial_memory, max = options->max_memory;
	if (initial % PAGE != 0 || max % PAGE != 0)
		return WPKG_FAIL(o->err, WPKG_EINVAL,
				 "%s memory of %llu bytes is not a multiple of 64 KiB",
				 initial % PAGE ? "initial" : "maximum",
				 (unsigned long long)(initial % PAGE ? initial : max));
	uint64_t asked = initial > max ? initial : max;
	asked = needed > asked ? needed : asked;
	if (asked > most)
		return WPKG_FAIL(o->err, WPKG_ELIMIT, "memory of %llu bytes is more than there is",
				 (unsigned long long)asked);
	if (initial > 0 && initial < needed)
		return WPKG_FAIL(o->err, WPKG_EINVAL,
				 "initial memory of %llu bytes is too small: %llu are needed",
				 (unsigned long long)initial, (unsigned long long)needed);
	o->memory_pages = initial > 0 ? initial / PAGE : (needed + PAGE - 1) / PAGE;
	if (max > 0 && max / PAGE < o->memory_pages)
		return WPKG_FAIL(o->err, WPKG_EINVAL,
				 "maximum memory of %llu bytes is too small: %llu are needed",
				 (unsigned long long)max,
				 (unsigned long long)o->memory_pages * PAGE);
	if (options->shared_memory && max == 0)
		return WPKG_FAIL(o->err, WPKG_EINVAL, "a shared memory needs a maximum");
	return WPKG_OK;
}

enum wpkg_status obj_lay_out(struct obj_link *o)
{
	uint64_t stack = o->options->stack_size ? o->options->stack_size : STACK_BYTES;
	uint64_t base = o->options->global_base ? o->options->global_base : GLOBAL_BASE;
	bool is_last = o->options->stack_last;
	if (stack % STACK_ALIGNMENT != 0)
		return WPKG_FAIL(o->err, WPKG_EINVAL, "stack of %llu bytes is not a multiple of 16",
				 (unsigned long long)stack);
	if (stack >> 48 || base >> 48)
		return WPKG_FAIL(o->err, WPKG_ELIMIT, "stack or global base beyond all memories");
	enum wpkg_status status = collect_parts(o);
	if (status == WPKG_OK)
		status = obj_merge_strings(o);
	if (status == WPKG_OK)
		status = place_in_parts(o);
	if (status != WPKG_OK)
		return status;
	uint64_t at = is_last || stack < o->options->global_base ? base : stack;
	o->stack_top = stack;
	set_address(o, WPKG_LIT("__global_base"), at);
	set_address(o, WPKG_LIT("__dso_handle"), at);
	place_parts(o, &at);
	set_address(o, WPKG_LIT("__data_end"), at);
	if (is_last)
		at = o->stack_top = align(at, 4) + stack;
	set_address(o, WPKG_LIT("__stack_low"), o->stack_top - stack);
	set_address(o, WPKG_LIT("__stack_high"), o->stack_top);
	at = align(at, 4);
	set_address(o, WPKG_LIT("__heap_base"), at);
	set_address(o, WPKG_LIT("__table_base"), 1);
	set_address(o, WPKG_LIT("__table_base32"), 1);
	set_address(o, WPKG_LIT("__wasm_first_page_end"), PAGE);
	set_bounds(o);
	status = size_memory(o, at);
	set_address(o, WPKG_LIT("__heap_end"), o->memory_pages * PAGE);
	return status;
}

uint64_t obj_chunk_address(const struct obj_link *o, const struct obj_chunk *chunk)
{
	uint64_t base = chunk->part < o->part_count ? o->parts[chunk->part].address : 0;
	return base + chunk->out;
}

uint64_t obj_data_address(const struct obj_link *o, const struct obj_symbol *symbol)
{
	if (symbol->state == OBJ_IS_MADE || symbol->flags & OBJ_ABSOLUTE)
		return symbol->offset;
	const struct obj_chunk *chunk = obj_symbol_chunk(o, symbol);
	return chunk && chunk->is_live ? obj_chunk_address(o, chunk) + symbol->offset : 0;
}
