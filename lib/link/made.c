/* SPDX-License-Identifier: Apache-2.0 */
/* The functions that the linker makes: bodies, from the declaration of locals to the last end. */
#include "link/object_int.h"
#include "wasm/opcode.h"
#include "wasm/writer.h"

void obj_put_pointer(struct wpkg_buf *out, const struct obj_link *o, uint64_t value)
{
	wpkg_buf_append_byte(out, o->is_64 ? WPKG_OP_I64_CONST : WPKG_OP_I32_CONST);
	wpkg_writer_signed(out, o->is_64 ? (int64_t)value : (int32_t)(uint32_t)value);
}

void obj_put_i32(struct wpkg_buf *out, uint32_t value)
{
	wpkg_buf_append_byte(out, WPKG_OP_I32_CONST);
	wpkg_writer_signed(out, (int32_t)value);
}

static void put_op(struct wpkg_buf *out, unsigned opcode, uint32_t immediate)
{
	wpkg_writer_opcode(out, opcode);
	wpkg_writer_u32(out, immediate);
}

static void put_call(struct wpkg_buf *out, const struct obj_link *o, uint32_t symbol)
{
	put_op(out, WPKG_OP_CALL, obj_func_index(o, &o->symbols[symbol]));
}

/* Every constructor in order; what one returns is of no use. */
static void put_ctors(struct wpkg_buf *out, const struct obj_link *o)
{
	for (uint32_t i = 0; i < o->inits.count; i++) {
		uint32_t type = o->symbols[o->inits.items[i]].type;
		put_call(out, o, o->inits.items[i]);
		for (uint32_t r = 0; r < o->types.types[type].result_count; r++)
			wpkg_writer_opcode(out, WPKG_OP_DROP);
	}
}

static void put_memory_fill(struct wpkg_buf *out, const struct obj_link *o,
			    const struct obj_part *part)
{
	obj_put_pointer(out, o, part->address);
	obj_put_i32(out, 0);
	obj_put_pointer(out, o, part->size);
	put_op(out, WPKG_OP_MEMORY_FILL, 0);
}

/* From the start of a segment to the address that is on the stack. */
static void put_memory_init(struct wpkg_buf *out, const struct obj_part *part)
{
	obj_put_i32(out, 0);
	obj_put_i32(out, (uint32_t)part->size);
	put_op(out, WPKG_OP_MEMORY_INIT, part->out);
	wpkg_buf_append_byte(out, 0);
}

/* The first thread's thread-local storage is the place that the segment has in memory. */
static void put_fill_part(struct wpkg_buf *out, const struct obj_link *o,
			  const struct obj_part *part)
{
	if (part->is_tls && o->options->shared_memory) {
		obj_put_pointer(out, o, part->address);
		put_op(out, WPKG_OP_GLOBAL_SET, o->symbols[o->made[OBJ_MADE_TLS_BASE]].out);
	}
	if (part->is_zero) {
		put_memory_fill(out, o, part);
		return;
	}
	obj_put_pointer(out, o, part->address);
	put_memory_init(out, part);
}

static void put_atomic(struct wpkg_buf *out, unsigned opcode)
{
	put_op(out, opcode, 2); /* alignment */
	wpkg_buf_append_byte(out, 0);
}

/*
 * Of the threads that start at once one fills the memory; the others wait for it. The flag is 0, 1
 * while one is at it, then 2. (How the tool conventions describe the start function.)
 *
 *   block $done
 *     block $wait
 *       block $fill
 *         flag: compare 0, exchange 1
 *         br_table $fill $wait $done
 *       end
 *       ... fill; flag = 2; notify
 *       br $done
 *     end
 *     wait while the flag is 1
 *   end
 *   data.drop ...
 */
static void put_shared_init(struct wpkg_buf *out, const struct obj_link *o)
{
	for (int i = 0; i < 3; i++)
		wpkg_buf_append(out, "\x02\x40", 2);
	obj_put_pointer(out, o, o->init_flag);
	obj_put_i32(out, 0);
	obj_put_i32(out, 1);
	put_atomic(out, WPKG_OP_I32_ATOMIC_RMW_CMPXCHG);
	wpkg_buf_append(out, "\x0e\x02\x00\x01\x02\x0b", 6);
	for (uint32_t i = 0; i < o->part_count; i++)
		if (obj_needs_init(o, &o->parts[i]))
			put_fill_part(out, o, &o->parts[i]);
	obj_put_pointer(out, o, o->init_flag);
	obj_put_i32(out, 2);
	put_atomic(out, WPKG_OP_I32_ATOMIC_STORE);
	obj_put_pointer(out, o, o->init_flag);
	obj_put_i32(out, UINT32_MAX);
	put_atomic(out, WPKG_OP_MEMORY_ATOMIC_NOTIFY);
	wpkg_buf_append(out, "\x1a\x0c\x01\x0b", 4);
	obj_put_pointer(out, o, o->init_flag);
	obj_put_i32(out, 1);
	wpkg_buf_append(out, "\x42\x7f", 2); /* i64.const -1: for ever */
	put_atomic(out, WPKG_OP_MEMORY_ATOMIC_WAIT32);
	wpkg_buf_append(out, "\x1a\x0b", 2);
	for (uint32_t i = 0; i < o->part_count; i++)
		if (o->parts[i].out != OBJ_NONE && !o->parts[i].is_tls)
			put_op(out, WPKG_OP_DATA_DROP, o->parts[i].out);
}

static void put_init_memory(struct wpkg_buf *out, const struct obj_link *o)
{
	if (o->init_flag > 0) {
		put_shared_init(out, o);
		return;
	}
	for (uint32_t i = 0; i < o->part_count; i++)
		if (obj_needs_init(o, &o->parts[i]))
			put_fill_part(out, o, &o->parts[i]);
}

/* A thread's own storage is at the address that is the argument. */
static void put_init_tls(struct wpkg_buf *out, const struct obj_link *o)
{
	const struct obj_symbol *base = &o->symbols[o->made[OBJ_MADE_TLS_BASE]];
	if (!o->options->shared_memory)
		return;
	put_op(out, WPKG_OP_LOCAL_GET, 0);
	put_op(out, WPKG_OP_GLOBAL_SET, base->out);
	for (uint32_t i = 0; i < o->part_count; i++) {
		if (!o->parts[i].is_tls || o->parts[i].out == OBJ_NONE)
			continue;
		put_op(out, WPKG_OP_LOCAL_GET, 0);
		put_memory_init(out, &o->parts[i]);
	}
}

static void put_wrapper(struct wpkg_buf *out, const struct obj_link *o,
			const struct obj_symbol *symbol)
{
	if (o->inits.count > 0)
		put_call(out, o, o->made[OBJ_MADE_CTORS]);
	for (uint32_t i = 0; i < o->types.types[symbol->type].param_count; i++)
		put_op(out, WPKG_OP_LOCAL_GET, i);
	put_call(out, o, symbol->index);
	if (o->call_dtors != OBJ_NONE)
		put_call(out, o, o->call_dtors);
}

void obj_put_made_body(struct wpkg_buf *out, const struct obj_link *o,
		       const struct obj_symbol *symbol)
{
	wpkg_writer_u32(out, 0); /* locals */
	switch (symbol->made) {
	case OBJ_MADE_CTORS:
		put_ctors(out, o);
		break;
	case OBJ_MADE_INIT_MEMORY:
		put_init_memory(out, o);
		break;
	case OBJ_MADE_INIT_TLS:
		put_init_tls(out, o);
		break;
	case OBJ_MADE_WRAPPER:
		put_wrapper(out, o, symbol);
		break;
	default:
		wpkg_writer_opcode(out, WPKG_OP_UNREACHABLE);
	}
	wpkg_writer_opcode(out, WPKG_OP_END);
}
