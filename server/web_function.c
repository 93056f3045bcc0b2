/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A function of a module as text. The module was validated by admission, in a process of its own;
 * it is read again here, whose reader takes hostile bytes, and nothing of it is run. What is read
 * and what is shown have a bound each.
 */
#include "web.h"

#include <stdio.h>
#include <sys/mman.h>

#include "document.h"
#include "server.h"
#include "store/blob.h"
#include "wasm/module.h"
#include "wasm/wat.h"

#define MODULE_MAX ((uint64_t)16 << 20) /* bytes of a module that is looked into */
#define BODY_MAX 65536			/* bytes of a function that is shown */
#define TEXT_MAX ((size_t)1 << 20)	/* bytes of its text */

/* A file's bytes as long as they are looked at. */
struct mapping {
	struct wpkg_blob blob;
	void *address; /* NULL: a row's bytes */
};

static bool map(struct mapping *out, struct request *request, int64_t record,
		const struct wpkg_digest *digest, struct wpkg_err *err)
{
	struct mapping mapping = {0};
	if (wpkg_parcel_open(&mapping.blob, request->server->store, record, digest, err) != WPKG_OK)
		return false;
	if (mapping.blob.fd >= 0 && mapping.blob.size <= MODULE_MAX) {
		mapping.address = mmap(NULL, (size_t)mapping.blob.size, PROT_READ, MAP_PRIVATE,
				       mapping.blob.fd, 0);
		if (mapping.address == MAP_FAILED) {
			wpkg_blob_close(&mapping.blob);
			wpkg_err_set(err, WPKG_ENOMEM, "no memory");
			return false;
		}
	}
	*out = mapping;
	return true;
}

static void unmap(struct mapping *mapping)
{
	if (mapping->address)
		munmap(mapping->address, (size_t)mapping->blob.size);
	wpkg_blob_close(&mapping->blob);
}

static struct wpkg_str bytes_of(const struct mapping *mapping)
{
	return mapping->address ? wpkg_str_of(mapping->address, (size_t)mapping->blob.size)
				: mapping->blob.bytes;
}

/* False: there is none such. */
static bool choose(uint32_t *out, const struct wpkg_module *module,
		   const struct function_choice *choice)
{
	uint64_t number = 0;
	if (choice->export.len > 0) {
		const struct wpkg_module_export *export =
			wpkg_module_find_export(module, choice->export);
		if (!export || export->kind != WPKG_EXTERN_FUNC)
			return false;
		number = export->index;
	} else if (!wpkg_str_parse_u64(choice->number, &number)) {
		return false;
	}
	*out = (uint32_t)number;
	return number < module->func_count;
}

static void put_neighbour(struct html *h, const struct api_known *known, const char *hex,
			  uint32_t index, const char *words)
{
	char number[16];
	struct wpkg_str text = wpkg_str_of(
		number, (size_t)snprintf(number, sizeof(number), "%u", (unsigned)index));
	html_link(h, "/packages/*/versions/*/modules/*?function=*#function", known->record.name,
		  known->record.version, wpkg_str_from(hex), text);
	html_say(h, words);
	html_close(h);
}

static void put_text(struct html *h, const struct wpkg_module *module, uint32_t index)
{
	struct wpkg_err err;
	struct wpkg_buf text;
	const struct wpkg_range body = wpkg_module_body(module, index);
	const struct wpkg_wat_print_options options = {.offsets = true};
	if (body.end - body.start > BODY_MAX) {
		html_open(h, "p");
		html_say(h, "Its body has ");
		html_size(h, body.end - body.start);
		html_say(h, ", which is too much for a page: wpkg wat print shows all of it.");
		html_close(h);
		return;
	}
	wpkg_buf_init(&text, TEXT_MAX);
	enum wpkg_status status = wpkg_wat_print_func(&text, module, index, &options, &err);
	html_open(h, "pre");
	html_attr(h, "tabindex", "0");
	html_open(h, "code");
	html_lines(h,
		   status == WPKG_OK ? wpkg_str_trim(wpkg_buf_str(&text)) : wpkg_str_from(err.msg));
	html_close(h);
	html_close(h);
	wpkg_buf_clear(&text);
}

static void put_chosen(struct html *h, const struct api_known *known, const char *hex,
		       const struct wpkg_module *module, uint32_t index)
{
	html_open_class(h, "p", "neighbours");
	html_say(h, "Function ");
	html_number(h, index);
	html_say(h, " of ");
	html_number(h, module->func_count);
	html_say(h, " ");
	if (wpkg_module_func_name(module, index).len > 0)
		html_code(h, wpkg_module_func_name(module, index));
	html_say(h, " ");
	if (index > 0)
		put_neighbour(h, known, hex, index - 1, "previous");
	html_say(h, " ");
	if (index + 1 < module->func_count)
		put_neighbour(h, known, hex, index + 1, "next");
	html_close(h);
	put_text(h, module, index);
}

static void put_looked_into(struct html *h, const struct api_known *known, const char *hex,
			    struct wpkg_str bytes, const struct function_choice *choice)
{
	struct wpkg_err err;
	struct wpkg_module *module = NULL;
	uint32_t index = 0;
	if (wpkg_module_read(&module, bytes, NULL, &err) != WPKG_OK) {
		html_open(h, "p");
		html_say(h, "It cannot be taken apart: ");
		html_text(h, wpkg_str_from(err.msg));
		html_close(h);
		return;
	}
	if (choose(&index, module, choice)) {
		put_chosen(h, known, hex, module, index);
	} else {
		html_open(h, "p");
		html_say(h, "It has no such function; they are numbered from 0 to ");
		html_number(h, module->func_count > 0 ? module->func_count - 1 : 0);
		html_close(h);
	}
	wpkg_module_free(module);
}

static void put_form(struct html *h, const struct function_choice *choice)
{
	html_open_class(h, "form", "row");
	html_attr(h, "action", "#function");
	html_open(h, "label");
	html_attr(h, "for", "number");
	html_say(h, "Function by its number");
	html_close(h);
	html_void(h, "input");
	html_attr(h, "id", "number");
	html_attr(h, "name", "function");
	html_attr(h, "inputmode", "numeric");
	html_attr(h, "pattern", "[0-9]+");
	html_attr(h, "maxlength", "10");
	html_attr(h, "required", "required");
	html_attr_text(h, "value", choice->number);
	html_word(h, "button", "Show");
	html_close(h);
}

void web_put_function(struct html *h, struct request *request, const struct api_known *known,
		      const struct wpkg_digest *digest, const struct function_choice *choice)
{
	char hex[WPKG_DIGEST_TEXT];
	struct wpkg_err err;
	struct mapping mapping;
	wpkg_digest_format(hex, digest);
	page_open_section(h, "function", "Look into a function");
	put_form(h, choice);
	if (choice->number.len == 0 && choice->export.len == 0) {
		html_word(h, "p", "Exports that are functions lead here, too.");
	} else if (!map(&mapping, request, known->record.id, digest, &err)) {
		html_open(h, "p");
		html_text(h, wpkg_str_from(err.msg));
		html_close(h);
	} else {
		if (mapping.blob.size > MODULE_MAX)
			html_word(h, "p",
				  "The module is too large for a page: pull it, and "
				  "wpkg wat print shows it.");
		else
			put_looked_into(h, known, hex, bytes_of(&mapping), choice);
		unmap(&mapping);
	}
	html_close(h);
}
