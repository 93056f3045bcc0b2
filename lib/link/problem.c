/* SPDX-License-Identifier: Apache-2.0 */
/* Checking alone, and problems as text. */
#include <stdarg.h>

#include "base/utf8.h"
#include "link/link_int.h"

enum wpkg_status wpkg_link_check(struct wpkg_link_report *out, struct wpkg_arena *arena,
				 const struct wpkg_link_inputs *inputs, struct wpkg_err *err)
{
	struct link link;
	struct wpkg_link_report report = {0};
	enum wpkg_status status = link_open(&link, inputs, err);
	if (status == WPKG_OK)
		status = link_resolve(&link, &report, arena);
	if (status == WPKG_OK)
		status = link_order(&link, &report);
	link_close(&link);
	if (status == WPKG_OK)
		*out = report;
	return status;
}

static struct wpkg_str origin_of(const struct wpkg_link_inputs *inputs, uint32_t input)
{
	const struct wpkg_link_input *from = &inputs->items[input];
	return from->origin.len > 0 ? from->origin : from->name;
}

static const char *const problem_texts[] = {
	[WPKG_LINK_NO_EXPORT] = "has no such export",
	[WPKG_LINK_MISMATCH] = "exports another type",
	[WPKG_LINK_CIRCLE] = "exports it from an import that leads back here",
};

/* What inputs and files are called may hold anything, and a line is for a terminal. */
static void put(struct wpkg_buf *out, const char *format, ...) WPKG_PRINTF(2, 3);

static void put(struct wpkg_buf *out, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	wpkg_utf8_append_vformat(out, format, args);
	va_end(args);
}

void wpkg_link_problem_format(struct wpkg_buf *out, const struct wpkg_link_problem *problem,
			      const struct wpkg_link_inputs *inputs)
{
	struct wpkg_str importer = origin_of(inputs, problem->importer);
	struct wpkg_str provider = origin_of(inputs, problem->provider);
	if (problem->kind == WPKG_LINK_START) {
		put(out,
		    "%.*s has a start function, but it and %.*s import from each other: there is "
		    "no order to start them in",
		    WPKG_STR_ARG(importer), WPKG_STR_ARG(provider));
		return;
	}
	const struct wpkg_module_import *import =
		&inputs->items[problem->importer].module->imports[problem->import];
	put(out, "%.*s: 0x%x: import '%.*s' '%.*s' wants %.*s, but %.*s %s", WPKG_STR_ARG(importer),
	    import->offset, WPKG_STR_ARG(import->module), WPKG_STR_ARG(import->field),
	    WPKG_STR_ARG(problem->wanted), WPKG_STR_ARG(provider), problem_texts[problem->kind]);
	if (problem->found.len > 0)
		put(out, ": %.*s", WPKG_STR_ARG(problem->found));
	if (problem->hints.len > 0)
		put(out, " (it has %.*s)", WPKG_STR_ARG(problem->hints));
}
