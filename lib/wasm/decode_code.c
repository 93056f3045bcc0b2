/* SPDX-License-Identifier: Apache-2.0 */
/* The code section: a size and a body for each function. */
#include "wasm/decode.h"

/* Bytes of code below which more threads are not worth their start. */
#define THREADS_FROM (1 << 18)

/* The number of bodies that follow must be the number of functions. */
bool wasm_decode_code_begin(struct decoder *d)
{
	struct wpkg_reader *r = &d->in->r;
	const uint8_t *where = r->at;
	uint32_t count = wpkg_reader_u32(r);
	uint32_t want = d->module->func_count - d->module->func_import_count;
	if (r->status != WPKG_OK)
		return false;
	return count == want ||
	       wpkg_reader_fail(r, where, WPKG_EFORMAT,
				"function and code section have inconsistent lengths: %u and %u",
				(unsigned)want, (unsigned)count);
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

/* The next function's body, which is all that the cursor goes over. */
bool wasm_decode_body(struct decoder *d, struct wpkg_reader body)
{
	uint32_t function = d->module->func_import_count + d->body_count++;
	struct wpkg_range *range = &d->module->funcs[function].body;
	struct wpkg_reader outer = d->in->r;
	d->in->r = body;
	range->start = wpkg_reader_offset(&body);
	range->end = range->start + (uint32_t)wpkg_reader_left(&body);
	bool is_valid = wasm_validate_body(&d->validator, function);
	if (!is_valid) {
		d->failed_function = function;
		wasm_decode_name_function(body.err, d->validator.opcode, function);
	}
	wpkg_reader_join(&outer, &d->in->r);
	d->in->r = outer;
	return is_valid;
}

bool wasm_decode_code(struct decoder *d)
{
	struct wpkg_reader *r = &d->in->r;
	if (!wasm_decode_code_begin(d))
		return false;
	if (d->threads > 1 && wpkg_reader_left(r) >= THREADS_FROM)
		return wasm_decode_bodies_on_threads(d);
	while (d->body_count < d->module->func_count - d->module->func_import_count) {
		uint32_t size;
		if (!wasm_decode_body_size(d, &size))
			return false;
		struct wpkg_reader body = wpkg_reader_sub(r, size);
		if (r->status != WPKG_OK || !wasm_decode_body(d, body))
			return false;
	}
	return true;
}
