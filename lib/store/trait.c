/* SPDX-License-Identifier: Apache-2.0 */
#include "store/trait.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/digest.h"
#include "pkg/annotation.h"

#define TRAIT_MAX 2048 /* bytes; of longer names the beginning is found */

static const char *const keys[] = {"exports", "imports", "runs-on", "feature", "producer",
				   "kind",    "keyword", "license", "needs"};

static struct wpkg_str key_of(struct wpkg_str text)
{
	return wpkg_str_slice(text, 0, wpkg_str_find(text, ':'));
}

bool trait_is(struct wpkg_str text)
{
	struct wpkg_str key = key_of(text);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (wpkg_str_equal_text(key, keys[i]))
			return text.len > key.len + 1;
	return false;
}

static bool counts_case(struct wpkg_str key)
{
	return wpkg_str_equal_text(key, "exports") || wpkg_str_equal_text(key, "imports");
}

static int64_t read_id(const uint8_t bytes[TRAIT_BYTES])
{
	uint64_t id = 0;
	for (size_t i = 0; i < TRAIT_BYTES; i++)
		id = id << 8 | bytes[i];
	return (int64_t)id;
}

int64_t trait_id(struct wpkg_str text)
{
	char folded[TRAIT_MAX];
	struct wpkg_digest digest = {0};
	bool keeps = counts_case(key_of(text));
	size_t len = text.len < sizeof(folded) ? text.len : sizeof(folded);
	for (size_t i = 0; i < len; i++) {
		char c = text.ptr[i];
		folded[i] = !keeps && c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	/* A failure would be memory's: the id of nothing finds nothing. */
	if (wpkg_digest_of(&digest, wpkg_str_of(folded, len), NULL) != WPKG_OK)
		digest = (struct wpkg_digest){0};
	return read_id(digest.bytes);
}

static int compare(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a;
	int64_t right = *(const int64_t *)b;
	return (left > right) - (left < right);
}

void traits_sort(struct traits *traits)
{
	size_t count = 0;
	qsort(traits->ids, traits->count, sizeof(traits->ids[0]), compare);
	for (size_t i = 0; i < traits->count; i++)
		if (i == 0 || traits->ids[i] != traits->ids[i - 1])
			traits->ids[count++] = traits->ids[i];
	traits->count = count;
}

struct wpkg_str traits_write(const struct traits *traits, struct wpkg_arena *arena)
{
	uint8_t *bytes = wpkg_arena_alloc(arena, traits->count + 1, TRAIT_BYTES);
	for (size_t i = 0; bytes && i < traits->count * TRAIT_BYTES; i++)
		bytes[i] = (uint8_t)((uint64_t)traits->ids[i / TRAIT_BYTES] >>
				     (56 - 8 * (i % TRAIT_BYTES)));
	return wpkg_str_of((const char *)bytes, bytes ? traits->count * TRAIT_BYTES : 0);
}

void traits_read(struct traits *traits, struct wpkg_str bytes)
{
	traits->count = bytes.len / TRAIT_BYTES <= TRAITS_MAX ? bytes.len / TRAIT_BYTES : 0;
	for (size_t i = 0; i < traits->count; i++)
		traits->ids[i] = read_id((const uint8_t *)bytes.ptr + i * TRAIT_BYTES);
}

static void add(struct traits *traits, const char *key, struct wpkg_str value)
{
	char text[TRAIT_MAX];
	if (value.len == 0 || traits->count == TRAITS_MAX)
		return;
	size_t len = (size_t)snprintf(text, sizeof(text), "%s:", key);
	value = wpkg_str_slice(value, 0, sizeof(text) - len);
	memcpy(text + len, value.ptr, value.len);
	traits->ids[traits->count++] = trait_id(wpkg_str_of(text, len + value.len));
}

static const struct wpkg_value *list_of(const struct wpkg_value *table, const char *key)
{
	static const struct wpkg_value empty = {.kind = WPKG_VALUE_ARRAY};
	const struct wpkg_value *value = wpkg_value_find(table, key);
	return value && value->kind == WPKG_VALUE_ARRAY ? value : &empty;
}

/* "wasi:http/types@0.2.0", "wasi:http/types" and "wasi:http" */
static void add_interface(struct traits *traits, const char *key, struct wpkg_str name)
{
	size_t at = wpkg_str_find(name, '@');
	struct wpkg_str plain = wpkg_str_slice(name, 0, at);
	size_t slash = wpkg_str_find(plain, '/');
	add(traits, key, name);
	if (at < name.len)
		add(traits, key, plain);
	if (slash < plain.len)
		add(traits, key, wpkg_str_slice(plain, 0, slash));
}

/* Imports of one module stand together most often: it is added once for each run. */
static void add_imports(struct traits *traits, const struct wpkg_value *imports)
{
	struct wpkg_str previous = {0};
	for (size_t i = 0; i < imports->count; i++) {
		char text[TRAIT_MAX];
		struct wpkg_str module = wpkg_value_find_string(&imports->items[i], "module");
		struct wpkg_str name = wpkg_value_find_string(&imports->items[i], "name");
		if (!wpkg_str_equal(module, previous))
			add(traits, "imports", module);
		previous = module;
		if (module.len + 1 + name.len > sizeof(text) || module.len == 0)
			continue;
		memcpy(text, module.ptr, module.len);
		text[module.len] = '.';
		if (name.len > 0)
			memcpy(text + module.len + 1, name.ptr, name.len);
		add(traits, "imports", wpkg_str_of(text, module.len + 1 + name.len));
	}
}

static void add_each(struct traits *traits, const char *key, const struct wpkg_value *list,
		     const char *member)
{
	for (size_t i = 0; i < list->count; i++)
		add(traits, key, wpkg_value_find_string(&list->items[i], member));
}

static void add_interfaces(struct traits *traits, const char *key, const struct wpkg_value *names)
{
	for (size_t i = 0; i < names->count; i++)
		if (names->items[i].kind == WPKG_VALUE_STRING)
			add_interface(traits, key, names->items[i].string);
}

/* What is few and asked for most comes first: a module's names may be more than are kept. */
void traits_add_facts(struct traits *traits, const struct wpkg_value *facts)
{
	const struct wpkg_value *component = wpkg_value_find(facts, "component");
	add(traits, "kind", wpkg_value_find_string(facts, "kind"));
	add_each(traits, "runs-on", list_of(wpkg_value_find(facts, "hosts"), "runs"), "host");
	add_each(traits, "feature", list_of(facts, "features"), "name");
	add_each(traits, "producer", list_of(facts, "producers"), "name");
	add_interfaces(traits, "exports", list_of(component, "exports"));
	add_interfaces(traits, "imports", list_of(component, "imports"));
	add_imports(traits, list_of(facts, "imports"));
	add_each(traits, "exports", list_of(facts, "exports"), "name");
}

void traits_add_invoice(struct traits *traits, const struct wpkg_invoice *invoice)
{
	struct wpkg_str word;
	struct wpkg_dependency dependency;
	struct wpkg_str keywords = wpkg_map_find(&invoice->annotations, WPKG_ANNOTATION_KEYWORDS);
	struct wpkg_str needs = wpkg_map_find(&invoice->annotations, WPKG_ANNOTATION_DEPENDENCIES);
	while (wpkg_str_split(&keywords, ',', &word))
		add(traits, "keyword", wpkg_str_trim(word));
	add(traits, "license", wpkg_map_find(&invoice->annotations, WPKG_ANNOTATION_LICENSES));
	while (wpkg_dependency_next(&dependency, &needs))
		add(traits, "needs", dependency.name);
}
