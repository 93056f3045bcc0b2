/* SPDX-License-Identifier: Apache-2.0 */
/* Functions: their types, locals and bodies. */
#include "wasm/opcode.h"
#include "wasm/wat_parser.h"
#include "wasm/writer.h"

void wat_bind_local(struct wat_parser *p, uint32_t index)
{
	uint32_t symbol = wat_bind(p, WAT_LOCAL, index, &p->inner_names[0]);
	if (symbol != WAT_SYMBOL_NONE)
		wat_push(p, &p->bound_locals, &symbol, sizeof(symbol));
}

static void unbind_locals(struct wat_parser *p)
{
	const uint32_t *symbols = (const uint32_t *)(const void *)p->bound_locals.ptr;
	for (size_t i = 0; i < p->bound_locals.len / sizeof(*symbols); i++)
		p->symbols.items[symbols[i]].bound[WAT_LOCAL] = 0;
	wpkg_buf_reset(&p->bound_locals);
}

/* A group of the binary format: so many locals of a type. */
struct group {
	wpkg_valtype type;
	uint32_t count;
};

static void end_group(struct wat_vector *groups, const struct group *group)
{
	if (group->count == 0)
		return;
	wpkg_writer_u32(&groups->bytes, group->count);
	wpkg_writer_valtype(&groups->bytes, group->type);
	groups->count++;
}

static void add_local(struct wat_parser *p, struct wat_vector *groups, struct group *group)
{
	wpkg_valtype type = wat_valtype(p);
	if (group->count > 0 && group->type != type) {
		end_group(groups, group);
		group->count = 0;
	}
	group->type = type;
	group->count++;
}

/* "(local ...)*", of which the first is the one of that index, into the body. */
static void locals(struct wat_parser *p, uint32_t index)
{
	struct group group = {0};
	p->locals.count = 0;
	while (wat_accept_open(p, "local")) {
		bool is_single = p->token.kind == WAT_ID;
		wat_bind_local(p, index);
		while (is_single || p->token.kind == WAT_WORD || p->token.kind == WAT_OPEN) {
			add_local(p, &p->locals, &group);
			index++;
			if (is_single)
				break;
		}
		wat_expect_close(p);
	}
	end_group(&p->locals, &group);
	wpkg_writer_u32(&p->body, p->locals.count);
	wat_move(p, &p->body, &p->locals.bytes);
}

/* The parameters of a type use: it says them, or its type has them. */
static uint32_t param_count(const struct wat_parser *p, uint32_t type)
{
	const struct wat_type *found = wat_type_at(p, type);
	return found ? found->params : p->signature.params;
}

void wat_func(struct wat_parser *p)
{
	struct wat_vector *functions = &p->sections[WPKG_SECTION_FUNCTION];
	struct wat_vector *code = &p->sections[WPKG_SECTION_CODE];
	uint32_t index = p->counts[WAT_FUNC]++;
	wat_skip_binding(p);
	wat_inline_exports(p, WPKG_EXTERN_FUNC, index);
	if (wat_inline_import(p, WPKG_EXTERN_FUNC))
		return;
	wat_define(p, WPKG_EXTERN_FUNC);
	uint32_t type = wat_type_use(p, WAT_PARAMS_BOUND);
	wpkg_writer_u32(&functions->bytes, type);
	functions->count++;

	wpkg_buf_reset(&p->body);
	locals(p, param_count(p, type));
	wat_begin_labels(p);
	p->in_function = true;
	wat_instructions(p, &p->body);
	p->in_function = false;
	wpkg_writer_opcode(&p->body, WPKG_OP_END);
	wpkg_writer_u64(&code->bytes, p->body.len);
	wat_move(p, &code->bytes, &p->body);
	code->count++;
	unbind_locals(p);
	wat_add_inner(p, &p->names[WAT_NAME_LOCAL], index, &p->inner_names[0]);
	wat_add_inner(p, &p->names[WAT_NAME_LABEL], index, &p->inner_names[1]);
	wat_add_inner(p, &p->hint_functions, index, &p->hints);
}
