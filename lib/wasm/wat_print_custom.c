/* SPDX-License-Identifier: Apache-2.0 */
/* Custom sections as annotations, and branch hints at their instructions. */
#include <stdio.h>

#include "wasm/wat_print.h"
#include "wasm/writer.h"

#define BRANCH_HINTS "metadata.code.branch_hint"

/* Branch hints. */

static void put_one_hint(struct wpkg_buf *out, const struct wat_hint *hint, uint32_t body)
{
	wpkg_writer_u32(out, hint->offset - body);
	wpkg_writer_u32(out, 1);
	wpkg_buf_append_byte(out, hint->is_likely);
}

/* The hints of one function, appended to the list. */
static bool read_function_hints(struct wat_printer *p, struct wpkg_reader *r, uint32_t func)
{
	if (func < p->module->func_import_count || func >= p->module->func_count)
		return false;
	struct wpkg_range body = wpkg_module_body(p->module, func);
	uint32_t last = 0;
	for (uint32_t left = wpkg_reader_u32(r); left > 0; left--) {
		struct wat_hint hint = {.func = func, .offset = body.start + wpkg_reader_u32(r)};
		uint32_t size = wpkg_reader_u32(r);
		uint8_t value = wpkg_reader_byte(r);
		if (r->status != WPKG_OK || size != 1 || value > 1 || hint.offset <= last ||
		    hint.offset >= body.end)
			return false;
		hint.is_likely = value;
		last = hint.offset;
		wpkg_buf_append(&p->hints, &hint, sizeof(hint));
	}
	return true;
}

/* Does each of them stand at an if or br_if of the body? */
static bool hit_branches(const struct wat_printer *p, const struct wat_hint *hints, size_t count)
{
	struct wpkg_reader r;
	struct wasm_instruction instruction;
	struct wpkg_range body = wpkg_module_body(p->module, hints[0].func);
	wpkg_reader_init(&r, wpkg_module_slice(p->module, body), body.start, NULL);
	wasm_skip_locals(&r);
	size_t hit = 0;
	while (wpkg_reader_more(&r) && hit < count) {
		wasm_instruction_read(&instruction, &r);
		bool is_branch = instruction.op == WPKG_OP_IF || instruction.op == WPKG_OP_BR_IF;
		if (is_branch && hints[hit].offset == instruction.start)
			hit++;
	}
	return hit == count;
}

/* Would the annotations bring back the section? They are its whole content, in order. */
static bool read_hint_section(struct wat_printer *p, struct wpkg_str section)
{
	struct wpkg_reader r;
	struct wpkg_buf again;
	uint32_t last = 0;
	wpkg_reader_init(&r, section, 0, NULL);
	wpkg_buf_init(&again, SIZE_MAX);
	uint32_t functions = wpkg_reader_u32(&r);
	bool is_exact = functions > 0;
	wpkg_writer_u32(&again, functions);
	for (uint32_t i = 0; is_exact && i < functions; i++) {
		uint32_t func = wpkg_reader_u32(&r);
		size_t before = p->hints.len / sizeof(struct wat_hint);
		is_exact = (i == 0 || func > last) && read_function_hints(p, &r, func) &&
			   p->hints.failed == WPKG_OK;
		size_t count = p->hints.len / sizeof(struct wat_hint) - before;
		if (!is_exact || count == 0) {
			is_exact = false;
			break;
		}
		const struct wat_hint *hints =
			(const struct wat_hint *)(const void *)p->hints.ptr + before;
		wpkg_writer_u32(&again, func);
		wpkg_writer_u32(&again, (uint32_t)count);
		for (size_t k = 0; k < count; k++)
			put_one_hint(&again, &hints[k], wpkg_module_body(p->module, func).start);
		is_exact = hit_branches(p, hints, count);
		last = func;
	}
	is_exact = is_exact && wpkg_str_equal(wpkg_buf_str(&again), section);
	if (again.failed != WPKG_OK)
		p->hints.failed = again.failed;
	wpkg_buf_clear(&again);
	return is_exact;
}

/* Is it the only one of its name, right before the code? */
static bool is_before_code(const struct wpkg_module *module,
			   const struct wpkg_module_section *section)
{
	const struct wpkg_module_section *end = module->sections + module->section_count;
	if (section + 1 == end || section[1].id != WPKG_SECTION_CODE)
		return false;
	for (const struct wpkg_module_section *other = section + 2; other < end; other++)
		if (other->id == WPKG_SECTION_CUSTOM &&
		    wpkg_str_equal_text(other->name, BRANCH_HINTS))
			return false;
	return true;
}

bool wat_read_hints(struct wat_printer *p)
{
	const struct wpkg_module_section *section =
		wpkg_module_find_custom(p->module, WPKG_LIT(BRANCH_HINTS));
	if (section && is_before_code(p->module, section) &&
	    !read_hint_section(p, wpkg_module_slice(p->module, section->body)))
		wpkg_buf_truncate(&p->hints, 0);
	return p->hints.failed == WPKG_OK;
}

const struct wat_hint *wat_take_printed_hint(struct wat_printer *p, uint32_t offset)
{
	const struct wat_hint *hints = (const struct wat_hint *)(const void *)p->hints.ptr;
	size_t count = p->hints.len / sizeof(*hints);
	while (p->hints_printed < count && hints[p->hints_printed].offset < offset)
		p->hints_printed++;
	if (p->hints_printed == count || hints[p->hints_printed].offset != offset)
		return NULL;
	return &hints[p->hints_printed++];
}

void wat_put_hint(struct wat_printer *p, bool is_likely)
{
	wat_put_line(p);
	wpkg_buf_append_format(p->out, "(@" BRANCH_HINTS " \"\\%02x\")", (unsigned)is_likely);
}

/* Other custom sections. */

/* Is the section written as names or hints where they belong? */
static bool is_in_text(const struct wat_printer *p, const struct wpkg_module_section *section)
{
	if (wpkg_str_equal_text(section->name, "name"))
		return p->names.is_exact;
	return wpkg_str_equal_text(section->name, BRANCH_HINTS) && p->hints.len > 0;
}

static void put_custom(struct wat_printer *p, const struct wpkg_module_section *section,
		       const char *place)
{
	struct wpkg_str bytes = wpkg_module_slice(p->module, section->body);
	wat_put_line(p);
	wat_put_offset(p, section->all.start);
	wpkg_buf_append_text(p->out, "(@custom ");
	wat_put_string(p, section->name);
	if (place)
		wpkg_buf_append_format(p->out, " (%s)", place);
	if (bytes.len > 0)
		wat_put_bytes(p, bytes);
	wpkg_buf_append_byte(p->out, ')');
}

/* Does code name a data segment, so that a parser writes a data count? */
static bool names_data(const struct wpkg_module *module)
{
	struct wasm_instruction instruction;
	struct wpkg_reader r;
	for (uint32_t i = module->func_import_count; i < module->func_count; i++) {
		struct wpkg_range body = wpkg_module_body(module, i);
		wpkg_reader_init(&r, wpkg_module_slice(module, body), body.start, NULL);
		wasm_skip_locals(&r);
		while (wpkg_reader_more(&r)) {
			wasm_instruction_read(&instruction, &r);
			if (wasm_names_data(instruction.op))
				return true;
		}
	}
	return false;
}

/* Will the section be there when the text is parsed again? */
static bool is_kept(const struct wpkg_module *module, const struct wpkg_module_section *section)
{
	switch (section->id) {
	case WPKG_SECTION_CUSTOM:
		return false;
	case WPKG_SECTION_START:
		return true;
	case WPKG_SECTION_DATA_COUNT:
		return names_data(module);
	default:
		return section->count > 0;
	}
}

/* The place of those behind the last other section goes without saying. */
void wat_put_customs(struct wat_printer *p)
{
	const struct wpkg_module *module = p->module;
	uint32_t last = 0; /* section that is kept, plus 1 */
	char place[32] = "before type";
	for (uint32_t i = module->section_count; last == 0 && i > 0; i--)
		if (is_kept(module, &module->sections[i - 1]))
			last = i;
	for (uint32_t i = 0; i < module->section_count; i++) {
		const struct wpkg_module_section *section = &module->sections[i];
		if (section->id == WPKG_SECTION_CUSTOM) {
			if (!is_in_text(p, section))
				put_custom(p, section, i >= last ? NULL : place);
		} else if (i < last && is_kept(module, section)) {
			snprintf(place, sizeof(place), "after %s",
				 wat_place_word((enum wpkg_section)section->id));
		}
	}
}
