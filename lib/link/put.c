/* SPDX-License-Identifier: Apache-2.0 */
/* Types and code, written with the output's indices. */
#include "link/link_int.h"

#include "wasm/writer.h"

void link_put_valtype(struct wpkg_buf *out, const struct link *link, wpkg_valtype type)
{
	wpkg_writer_valtype(out, wpkg_valtype_map(type, link->type_out));
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
		wpkg_writer_signed(c->out, index);
	} else if (reference->encoding == LINK_U32) {
		wpkg_writer_u32(c->out, index);
	} else {
		wpkg_writer_u32(c->out, reference->flags | (index > 0 ? 0x40 : 0));
		if (index > 0)
			wpkg_writer_u32(c->out, index);
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
