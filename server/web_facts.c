/* SPDX-License-Identifier: Apache-2.0 */
/* What admission found out about a module (pkg/facts.h), as tables and as a picture. */
#include "web.h"

#include "document.h"

#define ROWS_MAX 500 /* of one table */

static size_t shown_of(const struct wpkg_value *list)
{
	return list->count < ROWS_MAX ? list->count : ROWS_MAX;
}

static void put_cell(struct html *h, const char *element, struct wpkg_str text)
{
	html_open(h, element);
	if (element[1] == 'h')
		html_attr(h, "scope", "row");
	html_code(h, text);
	html_close(h);
}

void web_put_kind(struct html *h, const struct wpkg_value *facts)
{
	if (!facts) {
		html_say(h, "nothing is known of it");
		return;
	}
	html_label(h, document_text(facts, "kind"));
	html_say(h, ", ");
	html_size(h, document_number(facts, "size"));
	html_say(h, ", ");
	const struct wpkg_value *names = wpkg_value_find(facts, "component");
	const struct wpkg_value *of = names ? names : facts;
	html_count(h, document_list(of, "imports")->count, "import", "imports");
	html_say(h, ", ");
	html_count(h, document_list(of, "exports")->count, "export", "exports");
}

/* Imports and exports */

static void put_names(struct html *h, const struct wpkg_value *names, const char *caption)
{
	page_open_table(h, caption, "Name");
	for (size_t i = 0; i < shown_of(names); i++) {
		html_open(h, "tr");
		if (names->items[i].kind == WPKG_VALUE_STRING)
			put_cell(h, "td", names->items[i].string);
		html_close(h);
	}
	page_close_table(h);
	page_put_rest(h, names->count - shown_of(names));
}

static void put_imports(struct html *h, const struct wpkg_value *imports)
{
	page_open_table(h, "Imports", "From|Name|Type");
	for (size_t i = 0; i < shown_of(imports); i++) {
		const struct wpkg_value *import = &imports->items[i];
		html_open(h, "tr");
		put_cell(h, "td", document_text(import, "module"));
		put_cell(h, "th", document_text(import, "name"));
		put_cell(h, "td", document_text(import, "type"));
		html_close(h);
	}
	page_close_table(h);
	page_put_rest(h, imports->count - shown_of(imports));
}

static void put_export_name(struct html *h, const struct module_place *module,
			    const struct wpkg_value *export)
{
	const struct wpkg_record *record = &module->known->record;
	struct wpkg_str name = document_text(export, "name");
	bool is_function = wpkg_str_equal_text(document_text(export, "kind"), "func");
	html_open(h, "th");
	html_attr(h, "scope", "row");
	if (is_function)
		html_link(h, "/packages/*/versions/*/modules/*?export=*#function", record->name,
			  record->version, module->digest, name);
	html_code(h, name);
	if (is_function)
		html_close(h);
	html_close(h);
}

static void put_exports(struct html *h, const struct module_place *module)
{
	const struct wpkg_value *exports = document_list(module->facts, "exports");
	page_open_table(h, "Exports", "Name|Type");
	for (size_t i = 0; i < shown_of(exports); i++) {
		html_open(h, "tr");
		put_export_name(h, module, &exports->items[i]);
		put_cell(h, "td", document_text(&exports->items[i], "type"));
		html_close(h);
	}
	page_close_table(h);
	page_put_rest(h, exports->count - shown_of(exports));
}

static void put_interface(struct html *h, const struct module_place *module)
{
	const struct wpkg_value *names = wpkg_value_find(module->facts, "component");
	const struct wpkg_value *of = names ? names : module->facts;
	page_open_section(h, "imports", "Imports");
	if (document_list(of, "imports")->count == 0)
		html_word(h, "p", "It imports nothing: it can reach nothing outside itself.");
	else if (names)
		put_names(h, document_list(of, "imports"), "Imports");
	else
		put_imports(h, document_list(of, "imports"));
	html_close(h);
	page_open_section(h, "exports", "Exports");
	if (document_list(of, "exports")->count == 0)
		html_word(h, "p", "It exports nothing.");
	else if (names)
		put_names(h, document_list(of, "exports"), "Exports");
	else
		put_exports(h, module);
	html_close(h);
}

/* Memories, features, producers */

static void put_memories(struct html *h, const struct wpkg_value *memories)
{
	if (memories->count == 0)
		return;
	page_open_term(h, "Memory");
	for (size_t i = 0; i < shown_of(memories) && i < 16; i++) {
		const struct wpkg_value *memory = &memories->items[i];
		html_open(h, "p");
		html_code(h, document_text(memory, "type"));
		html_say(h, document_flag(memory, "imported") ? " imported; " : " ");
		html_say(h, "begins with ");
		html_count(h, document_number(memory, "minimum"), "page", "pages");
		if (wpkg_value_find(memory, "maximum")) {
			html_say(h, ", at most ");
			html_number(h, document_number(memory, "maximum"));
		}
		html_close(h);
	}
	page_close_term(h);
}

static void put_features(struct html *h, const struct wpkg_value *features)
{
	page_open_term(h, "Features");
	if (features->count == 0)
		html_say(h, "None beyond the first version of WebAssembly");
	else
		html_open_class(h, "ul", "chips");
	for (size_t i = 0; i < shown_of(features); i++) {
		html_open_class(h, "li", "chip");
		html_label(h, document_text(&features->items[i], "name"));
		html_close(h);
	}
	if (features->count > 0)
		html_close(h);
	page_close_term(h);
}

static void put_producers(struct html *h, const struct wpkg_value *producers)
{
	if (producers->count == 0)
		return;
	page_open_term(h, "Made with");
	html_open_class(h, "ul", "plain");
	for (size_t i = 0; i < producers->count && i < 40; i++) {
		const struct wpkg_value *producer = &producers->items[i];
		html_open(h, "li");
		html_text(h, document_text(producer, "name"));
		html_say(h, " ");
		html_text(h, document_text(producer, "version"));
		html_open_class(h, "span", "quiet");
		html_say(h, " ");
		html_text(h, document_text(producer, "field"));
		html_close(h);
		html_close(h);
	}
	html_close(h);
	page_close_term(h);
}

static void put_figure(struct html *h, const struct wpkg_value *facts, const char *key,
		       const char *term)
{
	uint64_t number = document_number(facts, key);
	if (number == 0)
		return;
	page_open_term(h, term);
	html_number(h, number);
	page_close_term(h);
}

void web_put_summary(struct html *h, const struct wpkg_value *facts)
{
	html_open_class(h, "dl", "facts");
	page_open_term(h, "Size");
	html_size(h, document_number(facts, "size"));
	page_close_term(h);
	if (document_text(facts, "name").len > 0) {
		page_open_term(h, "Its own name");
		html_code(h, document_text(facts, "name"));
		page_close_term(h);
	}
	put_figure(h, facts, "functions", "Functions");
	put_figure(h, facts, "tables", "Tables");
	put_figure(h, facts, "globals", "Globals");
	put_figure(h, facts, "tags", "Tags");
	put_memories(h, document_list(facts, "memories"));
	put_features(h, document_list(facts, "features"));
	put_producers(h, document_list(facts, "producers"));
	page_open_term(h, "For debugging");
	html_say(h, document_flag(facts, "debug_info")	     ? "DWARF or a source map"
		    : document_flag(facts, "function_names") ? "names of functions"
							     : "nothing is left");
	page_close_term(h);
	html_close(h);
	if (document_flag(facts, "cut"))
		html_word(h, "p",
			  "The lists below are not whole: the module has more than the "
			  "registry keeps.");
}

/* Sections */

#define PICTURE_WIDTH 1000
#define PICTURE_HEIGHT 28
static uint64_t total_of(const struct wpkg_value *sections)
{
	uint64_t total = 0;
	for (size_t i = 0; i < sections->count; i++)
		total += document_number(&sections->items[i], "size");
	return total;
}

/* A class of the style sheet; what is usually large has one of its own. */
static const char *colour_of(const struct wpkg_value *section)
{
	static const struct {
		const char *name, *class_;
	} colours[] = {{"code", "s0"},	   {"data", "s1"},	  {"custom", "s2"},
		       {"import", "s3"},   {"export", "s4"},	  {"element", "s5"},
		       {"function", "s7"}, {"core module", "s0"}, {"alias", "s1"},
		       {"component", "s5"}};
	for (size_t i = 0; i < sizeof(colours) / sizeof(colours[0]); i++)
		if (wpkg_str_equal_text(document_text(section, "name"), colours[i].name))
			return colours[i].class_;
	return "s6";
}

/* The table below says the same. */
static void put_picture(struct html *h, const struct wpkg_value *sections, uint64_t total)
{
	uint64_t before = 0;
	html_open_class(h, "svg", "sections");
	html_attr(h, "viewBox", "0 0 1000 28");
	html_attr(h, "preserveAspectRatio", "none");
	html_attr(h, "aria-hidden", "true");
	html_attr(h, "focusable", "false");
	for (size_t i = 0; i < shown_of(sections); i++) {
		uint64_t size = document_number(&sections->items[i], "size");
		uint64_t start = before * PICTURE_WIDTH / total;
		before += size;
		uint64_t end = before * PICTURE_WIDTH / total;
		if (end == start)
			continue;
		html_open_class(h, "rect", colour_of(&sections->items[i]));
		html_attr_number(h, "x", (int64_t)start);
		html_attr(h, "y", "0");
		html_attr_number(h, "width", (int64_t)(end - start));
		html_attr_number(h, "height", PICTURE_HEIGHT);
		html_close(h);
	}
	html_close(h);
}

static void put_swatch(struct html *h, const struct wpkg_value *section)
{
	html_open_class(h, "svg", "swatch");
	html_attr(h, "viewBox", "0 0 10 10");
	html_attr(h, "aria-hidden", "true");
	html_open_class(h, "rect", colour_of(section));
	html_attr(h, "width", "10");
	html_attr(h, "height", "10");
	html_attr(h, "rx", "2");
	html_close(h);
	html_close(h);
}

static void put_section(struct html *h, const struct wpkg_value *section, uint64_t total)
{
	uint64_t size = document_number(section, "size");
	html_open(h, "tr");
	html_open(h, "th");
	html_attr(h, "scope", "row");
	put_swatch(h, section);
	html_label(h, document_text(section, "name"));
	html_say(h, " ");
	if (document_text(section, "custom").len > 0)
		html_code(h, document_text(section, "custom"));
	html_close(h);
	html_open_class(h, "td", "number");
	html_size(h, size);
	html_close(h);
	html_open_class(h, "td", "number");
	html_share(h, size, total);
	html_close(h);
	html_open_class(h, "td", "number");
	if (document_number(section, "count") > 0)
		html_number(h, document_number(section, "count"));
	html_close(h);
	html_close(h);
}

static void put_sections(struct html *h, const struct wpkg_value *facts)
{
	const struct wpkg_value *sections = document_list(facts, "sections");
	uint64_t total = total_of(sections);
	if (total == 0)
		return;
	page_open_section(h, "sections", "Sections by size");
	put_picture(h, sections, total);
	page_open_table(h, "Sections", "Section|Size|Share|Entries");
	for (size_t i = 0; i < shown_of(sections); i++)
		put_section(h, &sections->items[i], total);
	page_close_table(h);
	page_put_rest(h, sections->count - shown_of(sections));
	html_close(h);
}

void web_put_facts(struct html *h, const struct module_place *module)
{
	put_interface(h, module);
	put_sections(h, module->facts);
}
