/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where bodies are, found by going over the code section: a count, then a size and a body for each
 * function that the module defines. Kept for each function it would be a third of what its code
 * takes where functions are small.
 */
#include "link/link_int.h"

struct link_bodies link_bodies_of(const struct wpkg_module *module)
{
	struct link_bodies out = {.module = module, .next = module->func_import_count};
	for (uint32_t i = 0; i < module->section_count; i++)
		if (module->sections[i].id == WPKG_SECTION_CODE)
			out.at = wpkg_module_at(module, module->sections[i].body.start);
	if (out.at)
		link_take_u32(&out.at);
	return out;
}

struct wpkg_range link_bodies_find(struct link_bodies *bodies, uint32_t function)
{
	const uint8_t *file = wpkg_module_at(bodies->module, 0);
	struct wpkg_range body = {0};
	while (bodies->next <= function) {
		uint32_t size = link_take_u32(&bodies->at);
		body.start = (uint32_t)(bodies->at - file);
		body.end = body.start + size;
		bodies->at += size;
		bodies->next++;
	}
	return body;
}
