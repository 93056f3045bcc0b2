/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stream keeps the bytes that were not used yet, and knows what comes next: a step. A step
 * decodes with the functions that read whole files, over what there is of the section or file.
 * When that runs out of bytes and more may come, the step is tried again later; it has changed
 * nothing that a second try minds. So that bytes that come one by one do not mean a try for each,
 * the next try waits for twice as many, or for all that the step can have.
 */
#include "wasm/stream.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "wasm/decode.h"

#define PIECE (64 * 1024) /* bytes that are taken over at a time */

enum step {
	STEP_HEADER,
	STEP_HEAD,    /* of a section */
	STEP_SECTION, /* a whole one */
	STEP_CUSTOM,  /* the name of a custom section */
	STEP_CODE,    /* the number of bodies */
	STEP_BODY,    /* one, with its size */
	STEP_DATA,    /* the number of data segments */
	STEP_SEGMENT, /* one, without its bytes */
	STEP_END      /* of a section that was read in steps */
};

/* Bytes that names in the module point into. */
struct kept {
	struct kept *next;
	uint8_t bytes[];
};

struct wpkg_module_stream {
	struct decoder decoder;
	struct wpkg_module *module;
	struct wpkg_module_fault *fault; /* the caller's; may be NULL */
	struct wpkg_err err;		 /* of the first failure */
	enum wpkg_status status;
	enum step step;
	struct wpkg_buf pending;
	size_t used;	      /* bytes at the start of pending that are done with */
	uint64_t offset;      /* in the file, of the first that is not */
	bool is_last;	      /* no more bytes come */
	size_t want;	      /* do not try the step with fewer bytes while more may come */
	uint64_t section_end; /* offset; 0: between sections */
	uint64_t skip;	      /* bytes to pass by before the step */
	bool skip_is_short;   /* and then there should be more in the section */
	uint32_t segments;    /* that were read */
	struct kept *kept;
};

enum wpkg_status wpkg_module_stream_new(struct wpkg_module_stream **out,
					const struct wpkg_module_options *options,
					struct wpkg_err *err)
{
	struct wpkg_module_stream *s = wpkg_mem_calloc(1, sizeof(*s));
	if (!s)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for the module");
	s->module = wasm_module_alloc((struct wpkg_str){0});
	if (!s->module) {
		wpkg_mem_free(s);
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for the module");
	}
	wasm_decoder_init(&s->decoder, s->module, options);
	wpkg_buf_init(&s->pending, SIZE_MAX - 1);
	s->fault = options ? options->fault : NULL;
	*out = s;
	return WPKG_OK;
}

void wpkg_module_stream_free(struct wpkg_module_stream *s)
{
	if (!s)
		return;
	while (s->kept) {
		struct kept *next = s->kept->next;
		wpkg_mem_free(s->kept);
		s->kept = next;
	}
	wasm_decoder_clear(&s->decoder);
	wpkg_module_free(s->module);
	wpkg_buf_clear(&s->pending);
	wpkg_mem_free(s);
}

const struct wpkg_module *wpkg_module_stream_module(const struct wpkg_module_stream *s)
{
	return s->module;
}

/* What is there. */

/* The pending bytes up to the section's end. */
static struct wpkg_str window(const struct wpkg_module_stream *s)
{
	struct wpkg_str bytes = wpkg_str_from_offset(wpkg_buf_str(&s->pending), s->used);
	if (s->section_end && bytes.len > s->section_end - s->offset)
		bytes.len = (size_t)(s->section_end - s->offset);
	return bytes;
}

/* Does the window hold all that it ever can? */
static bool is_complete(const struct wpkg_module_stream *s)
{
	if (s->is_last)
		return true;
	return s->section_end && s->pending.len - s->used >= s->section_end - s->offset;
}

static bool next(struct wpkg_module_stream *s, enum step step)
{
	s->step = step;
	s->want = 1;
	return true;
}

static struct wpkg_module_section *section(const struct wpkg_module_stream *s)
{
	return &s->module->sections[s->module->section_count - 1];
}

/* A copy that lives as long as the stream; NULL and a failure without memory. */
static uint8_t *keep(struct wpkg_module_stream *s, struct wpkg_str bytes)
{
	struct wpkg_reader *r = &s->decoder.in->r;
	struct kept *kept = wpkg_mem_alloc(sizeof(*kept) + bytes.len);
	if (!kept) {
		wpkg_reader_fail(r, r->at, WPKG_ENOMEM, "no memory for the module");
		return NULL;
	}
	if (bytes.len > 0)
		memcpy(kept->bytes, bytes.ptr, bytes.len);
	kept->next = s->kept;
	s->kept = kept;
	return kept->bytes;
}

/* Steps. Each reads by the decoder's cursor; false when that has failed. */

static bool read_head(struct wpkg_module_stream *s)
{
	const struct wpkg_module_section *head = wasm_decode_section_head(&s->decoder);
	if (!head)
		return false;
	uint32_t size = head->body.end - head->body.start;
	s->section_end = head->body.start + (uint64_t)size;
	if (head->id == WPKG_SECTION_CUSTOM)
		return next(s, STEP_CUSTOM);
	if (head->id == WPKG_SECTION_CODE)
		return next(s, STEP_CODE);
	if (head->id == WPKG_SECTION_DATA)
		return next(s, STEP_DATA);
	next(s, STEP_SECTION);
	s->want = SIZE_MAX;
	return true;
}

/* Names of imports and exports outlive the pending bytes. */
static bool read_whole(struct wpkg_module_stream *s)
{
	struct wpkg_reader *r = &s->decoder.in->r;
	struct wpkg_str bytes = window(s);
	if (section(s)->id == WPKG_SECTION_IMPORT || section(s)->id == WPKG_SECTION_EXPORT) {
		const uint8_t *kept = keep(s, bytes);
		if (!kept)
			return false;
		wpkg_reader_init(r, wpkg_str_of(kept, bytes.len), (uint32_t)s->offset, r->err);
	}
	return wasm_decode_section_body(&s->decoder, section(s)) && next(s, STEP_END);
}

static bool read_custom(struct wpkg_module_stream *s)
{
	struct wpkg_module_section *custom = section(s);
	if (!wasm_decode_section_body(&s->decoder, custom))
		return false;
	custom->name.ptr = (const char *)keep(s, custom->name);
	s->skip = s->section_end - wpkg_reader_offset(&s->decoder.in->r);
	return custom->name.ptr && next(s, STEP_END);
}

static uint32_t bodies_left(const struct wpkg_module_stream *s)
{
	return s->module->func_count - s->module->func_import_count - s->decoder.body_count;
}

static bool read_code(struct wpkg_module_stream *s)
{
	if (!wasm_decode_code_begin(&s->decoder))
		return false;
	section(s)->count = bodies_left(s);
	return next(s, section(s)->count ? STEP_BODY : STEP_END);
}

static bool read_body(struct wpkg_module_stream *s)
{
	struct wpkg_reader *r = &s->decoder.in->r;
	uint32_t size;
	if (!wasm_decode_body_size(&s->decoder, &size))
		return false;
	if (size > wpkg_reader_left(r)) {
		wpkg_reader_short(r);
		s->want = (size_t)(r->end - r->base) - wpkg_reader_left(r) + size;
		return false;
	}
	return wasm_decode_body(&s->decoder, size) &&
	       next(s, bodies_left(s) ? STEP_BODY : STEP_END);
}

static bool read_data(struct wpkg_module_stream *s)
{
	if (!wasm_decode_data_begin(&s->decoder))
		return false;
	section(s)->count = s->module->data_count;
	return next(s, section(s)->count ? STEP_SEGMENT : STEP_END);
}

static bool read_segment(struct wpkg_module_stream *s)
{
	struct wpkg_module_data *data = &s->module->datas[s->segments];
	uint32_t size;
	if (!wasm_decode_data_head(&s->decoder, data, &size))
		return false;
	uint64_t left = s->section_end - wpkg_reader_offset(&s->decoder.in->r);
	s->skip_is_short = size > left;
	s->skip = s->skip_is_short ? left : size;
	s->segments++;
	return next(s, s->segments < s->module->data_count ? STEP_SEGMENT : STEP_END);
}

static bool read_end(struct wpkg_module_stream *s)
{
	struct wpkg_reader *r = &s->decoder.in->r;
	if (s->offset < s->section_end)
		return wpkg_reader_more(r) ? wasm_decode_excess(&s->decoder) : wpkg_reader_short(r);
	s->section_end = 0;
	return next(s, STEP_HEAD);
}

static bool read_step(struct wpkg_module_stream *s)
{
	switch (s->step) {
	case STEP_HEADER:
		return wasm_decode_header(&s->decoder) && next(s, STEP_HEAD);
	case STEP_HEAD:
		return read_head(s);
	case STEP_SECTION:
		return read_whole(s);
	case STEP_CUSTOM:
		return read_custom(s);
	case STEP_CODE:
		return read_code(s);
	case STEP_BODY:
		return read_body(s);
	case STEP_DATA:
		return read_data(s);
	case STEP_SEGMENT:
		return read_segment(s);
	default:
		return read_end(s);
	}
}

/* The walk. */

static void use(struct wpkg_module_stream *s, size_t count)
{
	s->used += count;
	s->offset += count;
}

/* Passes by what is to be skipped; false while there is more of it to come. */
static bool skip(struct wpkg_module_stream *s)
{
	size_t count = window(s).len;
	if (count > s->skip)
		count = (size_t)s->skip;
	use(s, count);
	s->skip -= count;
	return s->skip == 0 || s->is_last;
}

/* Is there enough for the step, and anything to do at all? */
static bool is_ready(struct wpkg_module_stream *s)
{
	if (!skip(s))
		return false;
	size_t have = window(s).len;
	if (s->step == STEP_HEAD && have == 0)
		return false;
	if (s->step == STEP_END && s->offset == s->section_end)
		return true;
	return have >= s->want || is_complete(s);
}

static void fail(struct wpkg_module_stream *s)
{
	s->status = s->decoder.in->r.status;
	if (s->fault)
		*s->fault = wasm_decode_fault(&s->decoder);
}

/* One step; false when it has to wait or has failed. */
static bool advance(struct wpkg_module_stream *s)
{
	struct wpkg_reader *r = &s->decoder.in->r;
	if (!is_ready(s))
		return false;
	struct wpkg_str bytes = window(s);
	s->want = 2 * bytes.len;
	wpkg_reader_init(r, bytes, (uint32_t)s->offset, &s->err);
	bool is_cut = s->skip > 0 || s->skip_is_short;
	if (is_cut)
		wpkg_reader_short(r);
	if (!is_cut && read_step(s)) {
		use(s, (size_t)(r->at - r->base));
		return true;
	}
	if (is_cut || !r->is_short || is_complete(s))
		fail(s);
	return false;
}

/* Steps as long as there are bytes; then forgets those that were used. */
static void run(struct wpkg_module_stream *s)
{
	while (s->status == WPKG_OK && advance(s))
		;
	s->pending.len -= s->used;
	if (s->used > 0)
		memmove(s->pending.ptr, s->pending.ptr + s->used, s->pending.len);
	s->used = 0;
}

static enum wpkg_status report(const struct wpkg_module_stream *s, struct wpkg_err *err)
{
	if (s->status != WPKG_OK && err)
		*err = s->err;
	return s->status;
}

static void stop(struct wpkg_module_stream *s, enum wpkg_status status, const char *text)
{
	wpkg_err_set(&s->err, status, "%s", text);
	s->status = status;
}

enum wpkg_status wpkg_module_stream_feed(struct wpkg_module_stream *s, struct wpkg_str bytes,
					 struct wpkg_err *err)
{
	while (s->status == WPKG_OK && bytes.len > 0) {
		struct wpkg_str piece = wpkg_str_slice(bytes, 0, PIECE);
		bytes = wpkg_str_from_offset(bytes, piece.len);
		wpkg_buf_append_str(&s->pending, piece);
		if (s->pending.failed != WPKG_OK)
			stop(s, WPKG_ENOMEM, "no memory for the module");
		else if (s->offset + s->pending.len > UINT32_MAX)
			stop(s, WPKG_ELIMIT, "a module of 4 GiB or more");
		else
			run(s);
	}
	return report(s, err);
}

enum wpkg_status wpkg_module_stream_finish(struct wpkg_module_stream *s, struct wpkg_err *err)
{
	s->is_last = true;
	if (s->status == WPKG_OK)
		run(s);
	if (s->status == WPKG_OK) {
		wpkg_reader_init(&s->decoder.in->r, (struct wpkg_str){0}, (uint32_t)s->offset,
				 &s->err);
		if (!wasm_decode_end(&s->decoder))
			fail(s);
	}
	if (s->status == WPKG_OK)
		wasm_decode_note_features(&s->decoder);
	return report(s, err);
}
