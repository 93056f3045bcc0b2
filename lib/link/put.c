/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, types and code, written with the output's indices. */
#include "link/link_int.h"

void link_put_u64(struct wpkg_buf *out, uint64_t value)
{
	uint8_t bytes[10];
	unsigned count = 0;
	do {
		bytes[count] = (uint8_t)(value & 0x7f);
		value >>= 7;
		if (value != 0)
			bytes[count] |= 0x80;
		count++;
	} while (value != 0);
	wpkg_buf_append(out, bytes, count);
}

void link_put_u32(struct wpkg_buf *out, uint32_t value)
{
	if (value < 0x80)
		wpkg_buf_append_byte(out, (uint8_t)value);
	else
		link_put_u64(out, value);
}

/* A type index where abstract types are negative numbers: one bit is the sign's. */
void link_put_s33(struct wpkg_buf *out, uint32_t index)
{
	uint64_t value = index;
	while (value >= 0x40) {
		wpkg_buf_append_byte(out, (uint8_t)(value & 0x7f) | 0x80);
		value >>= 7;
	}
	wpkg_buf_append_byte(out, (uint8_t)value);
}

void link_put_name(struct wpkg_buf *out, struct wpkg_str name)
{
	link_put_u64(out, name.len);
	wpkg_buf_append_str(out, name);
}

/* Section 5.3.1 and 5.3.4: codes of the abstract heap types and of the numbers. */
static const uint8_t heap_codes[WPKG_HEAP_COUNT] = {
	[WPKG_HEAP_ANY] = 0x6e,	     [WPKG_HEAP_EQ] = 0x6d,	[WPKG_HEAP_I31] = 0x6c,
	[WPKG_HEAP_STRUCT] = 0x6b,   [WPKG_HEAP_ARRAY] = 0x6a,	[WPKG_HEAP_NONE] = 0x71,
	[WPKG_HEAP_FUNC] = 0x70,     [WPKG_HEAP_NOFUNC] = 0x73, [WPKG_HEAP_EXTERN] = 0x6f,
	[WPKG_HEAP_NOEXTERN] = 0x72, [WPKG_HEAP_EXN] = 0x69,	[WPKG_HEAP_NOEXN] = 0x74,
};

static const uint8_t number_codes[] = {
	[WPKG_TYPE_I32] = 0x7f, [WPKG_TYPE_I64] = 0x7e,	 [WPKG_TYPE_F32] = 0x7d,
	[WPKG_TYPE_F64] = 0x7c, [WPKG_TYPE_V128] = 0x7b, [WPKG_TYPE_I8] = 0x78,
	[WPKG_TYPE_I16] = 0x77,
};

void link_put_valtype(struct wpkg_buf *out, const struct link *link, wpkg_valtype type)
{
	if (!wpkg_valtype_is_ref(type)) {
		wpkg_buf_append_byte(out, number_codes[type]);
		return;
	}
	uint32_t id = wpkg_valtype_id(type);
	bool nullable = wpkg_valtype_is_nullable(type);
	if (id != WPKG_TYPE_ID_NONE) {
		wpkg_buf_append_byte(out, nullable ? 0x63 : 0x64);
		link_put_s33(out, link->type_out[id]);
		return;
	}
	if (!nullable)
		wpkg_buf_append_byte(out, 0x64);
	wpkg_buf_append_byte(out, heap_codes[type & WPKG_TYPE_INDEX]);
}

struct copy {
	struct wpkg_buf *out;
	const struct link *link;
	const struct link_module *from;
	const uint8_t *copied; /* what stands before it is in the output */
};

static bool copy_reference(void *user, const struct link_reference *reference)
{
	struct copy *c = user;
	wpkg_buf_append(c->out, c->copied, (size_t)(reference->start - c->copied));
	c->copied = reference->end;
	uint32_t index = reference->space == LINK_TYPE
				 ? c->link->type_out[c->from->types[reference->index]]
				 : c->from->out[reference->space][reference->index];
	if (reference->encoding == LINK_S33) {
		link_put_s33(c->out, index);
	} else if (reference->encoding == LINK_U32) {
		link_put_u32(c->out, index);
	} else {
		link_put_u32(c->out, reference->flags | (index > 0 ? 0x40 : 0));
		if (index > 0)
			link_put_u32(c->out, index);
	}
	return true;
}

static void copy_rest(struct copy *c, const uint8_t *end)
{
	wpkg_buf_append(c->out, c->copied, (size_t)(end - c->copied));
}

void link_put_body(struct wpkg_buf *out, const struct link *link, uint32_t input,
		   struct wpkg_range body)
{
	const struct link_module *from = &link->modules[input];
	const uint8_t *start = wpkg_module_at(from->module, body.start);
	struct copy c = {out, link, from, start};
	link_walk_body(start, copy_reference, &c);
	copy_rest(&c, wpkg_module_at(from->module, body.end));
}

void link_put_expression(struct wpkg_buf *out, const struct link *link, uint32_t input,
			 const uint8_t **at)
{
	struct copy c = {out, link, &link->modules[input], *at};
	link_walk_expression(at, copy_reference, &c);
	copy_rest(&c, *at);
}
