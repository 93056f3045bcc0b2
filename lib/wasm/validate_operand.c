/* SPDX-License-Identifier: Apache-2.0 */
/* The operand stack of the validator: what is not the one comparison of wasm_pop. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "wasm/format.h"
#include "wasm/validate.h"

/* Words that the stack has beyond one for each byte of the body: see validate.h. */
#define ROOM 64

/* Floor words below the first frame, so that looking a few words down is safe. */
#define BELOW 4

/* Longer lists of types count as wide (validate.c). */
#define WIDE 16

bool wasm_invalid(struct validator *v, const char *format, ...)
{
	char text[200];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return wpkg_reader_fail(&v->in.r, v->here, WPKG_EFORMAT, "%s", text);
}

/* Makes room for count words beyond those that the rest of the body may need. */
bool wasm_operand_room(struct validator *v, uint32_t count)
{
	size_t used = v->stack ? (size_t)(v->sp - v->stack) : 0;
	size_t want = used + count + wpkg_reader_left(&v->in.r) + ROOM;
	if (used + count > v->operand_limit)
		return wpkg_reader_fail(&v->in.r, v->here, WPKG_ELIMIT,
					"more than %u operands on the stack",
					(unsigned)v->operand_limit);
	if (v->stack && want <= (size_t)(v->stack_end - v->stack))
		return true;
	size_t cap = (size_t)(v->stack_end - v->stack) * 2;
	if (cap < want)
		cap = want;
	wpkg_valtype *stack = wpkg_mem_resize(v->stack, cap, sizeof(*stack));
	if (!stack)
		return wpkg_reader_fail(&v->in.r, v->here, WPKG_ENOMEM, "no memory for operands");
	if (!v->stack)
		memset(stack, 0, BELOW * sizeof(*stack));
	v->stack = stack;
	v->sp = stack + (used ? used : BELOW);
	v->stack_end = stack + cap;
	return true;
}

bool wasm_operand_reset(struct validator *v)
{
	if (v->stack)
		v->sp = v->stack + BELOW;
	return wasm_operand_room(v, 0);
}

bool wasm_at_floor(struct validator *v)
{
	return v->sp[-1] == FLOOR;
}

void wasm_unreachable(struct validator *v)
{
	struct frame *frame = wasm_frame(v);
	v->sp = v->stack + frame->floor + 1;
	frame->is_unreachable = true;
}

static bool fail_type(struct validator *v, wpkg_valtype expected)
{
	struct wpkg_buf text;
	wpkg_buf_init(&text, 160);
	wpkg_valtype_format(&text, expected, v->module->type_names);
	if (wasm_at_floor(v)) {
		wpkg_buf_append_text(&text, ", but the stack is empty");
	} else {
		wpkg_buf_append_text(&text, ", found ");
		wpkg_valtype_format(&text, v->sp[-1], v->module->type_names);
	}
	wasm_invalid(v, "type mismatch: expected %s", wpkg_buf_text(&text));
	wpkg_buf_clear(&text);
	return false;
}

/* The top is not the very word that is expected. */
bool wasm_pop_other(struct validator *v, wpkg_valtype type)
{
	if (wasm_at_floor(v))
		return wasm_frame(v)->is_unreachable || fail_type(v, type);
	if (!wpkg_types_matches(&v->module->types, v->sp[-1], type))
		return fail_type(v, type);
	v->sp--;
	return true;
}

bool wasm_pop_any(struct validator *v, wpkg_valtype *type)
{
	if (!wasm_at_floor(v)) {
		*type = *--v->sp;
		return true;
	}
	*type = WPKG_TYPE_BOTTOM;
	return wasm_frame(v)->is_unreachable ||
	       wasm_invalid(v, "type mismatch: expected an operand, but the stack is empty");
}

/* In code that is never reached, the reference may be the one below all. */
bool wasm_pop_ref(struct validator *v, wpkg_valtype *type)
{
	if (!wasm_pop_any(v, type))
		return false;
	if (*type == WPKG_TYPE_BOTTOM)
		*type = WPKG_REF(WPKG_HEAP_BOTTOM);
	if (wpkg_valtype_is_ref(*type))
		return true;
	v->sp++;
	struct wpkg_buf text;
	wpkg_buf_init(&text, 80);
	wpkg_valtype_format(&text, *type, v->module->type_names);
	wasm_invalid(v, "type mismatch: expected a reference, found %s", wpkg_buf_text(&text));
	wpkg_buf_clear(&text);
	return false;
}

/*
 * A word of a long list that is not the very one. Lists are made of few types, so that it is asked
 * again and again about the same two.
 */
static bool pop_known(struct validator *v, wpkg_valtype type)
{
	wpkg_valtype have = v->sp[-1];
	struct known_pair *known = &v->known_pairs[(have * 31 ^ type) % KNOWN_PAIRS];
	if (have == FLOOR || known->have != have || known->want != type) {
		if (!wasm_pop(v, type))
			return false;
		*known = (struct known_pair){have, type};
		return true;
	}
	v->sp--;
	return true;
}

/* The last one of the run is on top. */
bool wasm_pop_span(struct validator *v, struct span span)
{
	if (span.count == 0)
		return true;
	if ((size_t)(v->sp - v->stack) >= span.count &&
	    memcmp(v->sp - span.count, span.at, span.count * sizeof(*span.at)) == 0) {
		v->sp -= span.count;
		return true;
	}
	if (span.count > WIDE && (v->wide_work += span.count) > v->wide_limit)
		return wpkg_reader_fail(&v->in.r, v->here, WPKG_ELIMIT,
					"too many comparisons of long lists of types");
	for (uint32_t i = span.count; i > 0; i--) {
		if (wasm_at_floor(v) && wasm_frame(v)->is_unreachable)
			return true; /* and so are all the others */
		if (!pop_known(v, span.at[i - 1]))
			return false;
	}
	return true;
}

bool wasm_push_span(struct validator *v, struct span span)
{
	if (span.count > 1 && !wasm_operand_room(v, span.count))
		return false;
	if (span.count > 0)
		memcpy(v->sp, span.at, span.count * sizeof(*span.at));
	v->sp += span.count;
	return true;
}
