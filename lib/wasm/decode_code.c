/* SPDX-License-Identifier: Apache-2.0 */
/* The code section: a size and a body for each function. */
#include "wasm/decode.h"

/* Bytes of code below which more threads are not worth their start. */
#define THREADS_FROM (1 << 18)

static bool note_calls(struct decoder *d)
{
	uint32_t count = d->module->type_count;
	d->type_calls = wasm_decode_room_for_last(d, NULL, 0, count, sizeof(*d->type_calls));
	if (d->in->r.status != WPKG_OK)
		return false;
	wasm_call_words(d->module, d->type_calls);
	d->validator.type_calls = d->type_calls;
	return true;
}

/* The number of bodies that follow must be the number of functions. */
bool wasm_decode_code_begin(struct decoder *d)
{
	struct wpkg_reader *r = &d->in->r;
	const uint8_t *where = r->at;
	uint32_t count = wpkg_reader_u32(r);
	struct wpkg_module *module = d->module;
	uint32_t want = module->func_count - module->func_import_count;
	if (r->status != WPKG_OK)
		return false;
	if (count != want)
		return wpkg_reader_fail(
			r, where, WPKG_EFORMAT,
			"function and code section have inconsistent lengths: %u and %u",
			(unsigned)want, (unsigned)count);
	/* Threads share them out by where they are. */
	if (!d->no_bodies || d->threads > 1)
		module->bodies = wasm_decode_room_for_last(d, module->bodies, 0, count,
							   sizeof(*module->bodies));
	return r->status == WPKG_OK && note_calls(d);
}

/* The size of the next body. */
bool wasm_decode_body_size(struct decoder *d, uint32_t *size)
{
	struct wpkg_reader *r = &d->in->r;
	const uint8_t *where = r->at;
	*size = wpkg_reader_u32(r);
	if (r->status != WPKG_OK)
		return false;
	return *size <= d->limits.body_bytes ||
	       wpkg_reader_fail(r, where, WPKG_ELIMIT, "function body of %u bytes, limit %u",
				(unsigned)*size, (unsigned)d->limits.body_bytes);
}

void wasm_decode_name_function(struct wpkg_err *err, unsigned opcode, uint32_t function)
{
	if (!err)
		return;
	struct wpkg_err old = *err;
	if (opcode < WPKG_OP_LIMIT)
		wpkg_err_set(err, old.status, "%s (%s in function %u)", old.msg,
			     wpkg_opcode_text(opcode), (unsigned)function);
	else
		wpkg_err_set(err, old.status, "%s (in function %u)", old.msg, (unsigned)function);
}

/* Until it is read, the cursor ends where the body does. What a body lacks will not come later. */
bool wasm_decode_body(struct decoder *d, uint32_t size)
{
	struct wpkg_reader *r = &d->in->r;
	if (size > wpkg_reader_left(r))
		return wpkg_reader_short(r);
	uint32_t start = wpkg_reader_offset(r);
	if (d->module->bodies)
		d->module->bodies[d->body_count] = (struct wpkg_range){start, start + size};
	uint32_t function = d->module->func_import_count + d->body_count++;
	const uint8_t *end = r->end;
	r->end = r->at + size;
	bool is_valid = wasm_validate_body(&d->validator, function);
	r->end = end;
	if (is_valid)
		return true;
	r->at = end;
	r->is_short = false;
	d->failed_function = function;
	wasm_decode_name_function(r->err, d->validator.opcode, function);
	return false;
}

bool wasm_decode_code(struct decoder *d)
{
	if (!wasm_decode_code_begin(d))
		return false;
	if (d->threads > 1 && wpkg_reader_left(&d->in->r) >= THREADS_FROM)
		return wasm_decode_bodies_on_threads(d);
	while (d->body_count < d->module->func_count - d->module->func_import_count) {
		uint32_t size;
		if (!wasm_decode_body_size(d, &size) || !wasm_decode_body(d, size))
			return false;
	}
	return true;
}
