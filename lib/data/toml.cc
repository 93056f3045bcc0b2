/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The C face of toml++, and the only file in C++. Nothing of toml++ leaves it: no type, no
 * exception. What toml++ allocates itself does not go through base/mem, and is gone on return.
 */

extern "C" {
#include "data/toml.h"
}

#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 1
#define TOML_ENABLE_FORMATTERS 0
#define TOML_MAX_NESTED_VALUES 64
#include <toml++/toml.h>

#include <algorithm>
#include <new>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace
{
const int max_depth = 64;

/* Thrown inside this file only, to leave the recursion. */
struct failure {
	enum wpkg_status status;
	toml::source_region where;
	const char *text;
};

struct wpkg_str copy_text(struct wpkg_arena *arena, std::string_view text)
{
	struct wpkg_str copy = wpkg_arena_dup(arena, wpkg_str_of(text.data(), text.size()));
	if (!copy.ptr)
		throw std::bad_alloc();
	return copy;
}

void place(struct wpkg_value *value, const toml::source_region &where)
{
	value->line = where.begin.line;
	value->column = where.begin.column;
}

template <typename Time> std::string time_text(const Time &time)
{
	std::ostringstream out;
	out << time;
	return out.str();
}

void convert(struct wpkg_value *out, struct wpkg_arena *arena, const toml::node &node, int depth);

struct wpkg_value *allocate(struct wpkg_arena *arena, size_t count)
{
	void *items = wpkg_arena_alloc(arena, count, sizeof(struct wpkg_value));
	if (!items)
		throw std::bad_alloc();
	return static_cast<struct wpkg_value *>(items);
}

/* toml++ sorts the keys of a table; their places give the order of the text back. */
void convert_table(struct wpkg_value *out, struct wpkg_arena *arena, const toml::table &table,
		   int depth)
{
	std::vector<std::pair<const toml::key *, const toml::node *>> entries;
	for (auto &&[key, node] : table)
		entries.emplace_back(&key, &node);
	std::stable_sort(entries.begin(), entries.end(), [](const auto &a, const auto &b) {
		return a.first->source().begin < b.first->source().begin;
	});
	out->kind = WPKG_VALUE_TABLE;
	out->count = out->capacity = entries.size();
	out->items = allocate(arena, entries.size());
	out->keys = allocate(arena, entries.size());
	for (size_t i = 0; i < entries.size(); i++) {
		out->keys[i].kind = WPKG_VALUE_STRING;
		out->keys[i].string = copy_text(arena, entries[i].first->str());
		place(&out->keys[i], entries[i].first->source());
		convert(&out->items[i], arena, *entries[i].second, depth + 1);
	}
}

void convert_array(struct wpkg_value *out, struct wpkg_arena *arena, const toml::array &array,
		   int depth)
{
	out->kind = WPKG_VALUE_ARRAY;
	out->count = out->capacity = array.size();
	out->items = allocate(arena, array.size());
	for (size_t i = 0; i < array.size(); i++)
		convert(&out->items[i], arena, array[i], depth + 1);
}

void convert(struct wpkg_value *out, struct wpkg_arena *arena, const toml::node &node, int depth)
{
	place(out, node.source());
	if (depth > max_depth)
		throw failure{WPKG_ELIMIT, node.source(), "nested deeper than 64 levels"};
	if (auto *table = node.as_table()) {
		convert_table(out, arena, *table, depth);
	} else if (auto *array = node.as_array()) {
		convert_array(out, arena, *array, depth);
	} else if (auto *text = node.as_string()) {
		out->kind = WPKG_VALUE_STRING;
		out->string = copy_text(arena, text->get());
	} else if (auto *integer = node.as_integer()) {
		out->kind = WPKG_VALUE_INTEGER;
		out->integer = integer->get();
	} else if (auto *number = node.as_floating_point()) {
		out->kind = WPKG_VALUE_FLOAT;
		out->number = number->get();
	} else if (auto *boolean = node.as_boolean()) {
		out->kind = WPKG_VALUE_BOOLEAN;
		out->boolean = boolean->get();
	} else {
		out->kind = WPKG_VALUE_TIME;
		std::string text_of_time;
		if (auto *date = node.as_date())
			text_of_time = time_text(date->get());
		else if (auto *time = node.as_time())
			text_of_time = time_text(time->get());
		else if (auto *both = node.as_date_time())
			text_of_time = time_text(both->get());
		out->string = copy_text(arena, text_of_time);
	}
}

enum wpkg_status refuse(struct wpkg_err *err, enum wpkg_status status,
			const toml::source_region &where, std::string_view text)
{
	return WPKG_FAIL(err, status, "line %u, column %u: %.*s",
			 static_cast<unsigned>(where.begin.line),
			 static_cast<unsigned>(where.begin.column), static_cast<int>(text.size()),
			 text.data());
}
} // namespace

extern "C" enum wpkg_status wpkg_toml_read(struct wpkg_value **out, struct wpkg_arena *arena,
					   struct wpkg_str text, struct wpkg_err *err)
{
	try {
		toml::table document = toml::parse(std::string_view(text.ptr ? text.ptr : "", text.len));
		struct wpkg_value *root = allocate(arena, 1);
		convert_table(root, arena, document, 0);
		root->line = root->column = 1;
		*out = root;
		return WPKG_OK;
	} catch (const toml::parse_error &bad) {
		return refuse(err, WPKG_EFORMAT, bad.source(), bad.description());
	} catch (const failure &bad) {
		return refuse(err, bad.status, bad.where, bad.text);
	} catch (const std::bad_alloc &) {
		return WPKG_FAIL(err, WPKG_ENOMEM, "toml document: no memory");
	} catch (const std::exception &bad) {
		return WPKG_FAIL(err, WPKG_EFORMAT, "toml document: %s", bad.what());
	}
}
