/* SPDX-License-Identifier: Apache-2.0 */
#include "pkg/admission.h"

#include "data/fields.h"
#include "data/json.h"

/* Bytes of the tree that a question is written from. */
#define TREE_MAX (64 * 1024 * 1024)

static bool add_amount(struct wpkg_arena *arena, struct wpkg_value *table, const char *key,
		       uint64_t amount)
{
	return wpkg_value_add_integer(arena, table, key,
				      amount > INT64_MAX ? INT64_MAX : (int64_t)amount);
}

static bool add_strings(struct wpkg_arena *arena, struct wpkg_value *table, const char *key,
			const struct wpkg_strings *strings)
{
	struct wpkg_value *list = wpkg_value_add(arena, table, key, WPKG_VALUE_ARRAY);
	for (size_t i = 0; i < strings->count; i++)
		if (!wpkg_value_add_string(arena, list, NULL, strings->items[i]))
			return false;
	return list != NULL;
}

static bool add_package(struct wpkg_arena *arena, struct wpkg_value *packages,
			const struct wpkg_question_package *package)
{
	struct wpkg_value *table = wpkg_value_add(arena, packages, NULL, WPKG_VALUE_TABLE);
	if (!wpkg_value_add_string(arena, table, "name", package->name) ||
	    !wpkg_value_add_string(arena, table, "version", package->version) ||
	    !wpkg_value_add_string(arena, table, "digest", package->digest) ||
	    !add_strings(arena, table, "needs", &package->needs))
		return false;
	struct wpkg_value *modules = wpkg_value_add(arena, table, "modules", WPKG_VALUE_ARRAY);
	for (size_t i = 0; i < package->module_count; i++) {
		const struct wpkg_question_module *module = &package->modules[i];
		struct wpkg_value *item = wpkg_value_add(arena, modules, NULL, WPKG_VALUE_TABLE);
		if (!wpkg_value_add_string(arena, item, "name", module->name) ||
		    !wpkg_value_add_string(arena, item, "sha256", module->sha256) ||
		    !add_amount(arena, item, "size", module->size))
			return false;
	}
	return modules != NULL;
}

static bool add_closure(struct wpkg_arena *arena, struct wpkg_value *root,
			const struct wpkg_question_closure *closure)
{
	struct wpkg_value *packages = wpkg_value_add(arena, root, "packages", WPKG_VALUE_ARRAY);
	for (size_t i = 0; i < closure->count; i++)
		if (!add_package(arena, packages, &closure->packages[i]))
			return false;
	return packages && add_strings(arena, root, "foreign", &closure->foreign) &&
	       add_strings(arena, root, "problems", &closure->problems);
}

static enum wpkg_status build(struct wpkg_value **out, struct wpkg_arena *arena,
			      const struct wpkg_question *question, struct wpkg_err *err)
{
	struct wpkg_value *root = wpkg_value_new_table(arena);
	if (!add_amount(arena, root, "milliseconds", question->milliseconds) ||
	    !add_amount(arena, root, "memory", question->memory) ||
	    !add_amount(arena, root, "fuel", question->fuel) ||
	    !add_amount(arena, root, "output", question->output))
		return WPKG_FAIL(err, WPKG_ENOMEM, "question: no memory");
	struct wpkg_value *policy = wpkg_value_add(arena, root, "policy", WPKG_VALUE_TABLE);
	if (!policy || !wpkg_policy_add(arena, policy, &question->policy))
		return WPKG_FAIL(err, WPKG_ENOMEM, "question: no memory");
	if (!add_strings(arena, root, "profiles", &question->profiles) ||
	    !add_closure(arena, root, &question->closure))
		return WPKG_FAIL(err, WPKG_ENOMEM, "question: no memory");
	struct wpkg_value *invoice = wpkg_value_add(arena, root, "invoice", WPKG_VALUE_TABLE);
	if (!invoice)
		return WPKG_FAIL(err, WPKG_ENOMEM, "question: no memory");
	*out = root;
	return wpkg_invoice_to_value(arena, invoice, question->invoice, err);
}

enum wpkg_status wpkg_question_write(struct wpkg_buf *out, const struct wpkg_question *question,
				     struct wpkg_err *err)
{
	struct wpkg_arena arena;
	struct wpkg_value *root = NULL;
	wpkg_arena_init(&arena, TREE_MAX);
	enum wpkg_status status = build(&root, &arena, question, err);
	if (status == WPKG_OK) {
		wpkg_json_write(out, root, WPKG_JSON_COMPACT);
		status = wpkg_buf_check(out, "question", err);
	}
	wpkg_arena_clear(&arena);
	return status;
}

static enum wpkg_status take_amount(struct wpkg_fields *fields, uint64_t *out, const char *key,
				    struct wpkg_err *err)
{
	int64_t amount = 0;
	enum wpkg_status status =
		wpkg_fields_take_integer(fields, &amount, key, WPKG_REQUIRED, err);
	if (status == WPKG_OK && amount < 0)
		return WPKG_FAIL(err, WPKG_EFORMAT, "%s is negative", key);
	if (status == WPKG_OK)
		*out = (uint64_t)amount;
	return status;
}

static enum wpkg_status take_policy(struct wpkg_policy *policy, struct wpkg_arena *arena,
				    struct wpkg_fields *fields, struct wpkg_err *err)
{
	const struct wpkg_value *value = NULL;
	struct wpkg_fields own;
	enum wpkg_status status =
		wpkg_fields_take(fields, &value, "policy", WPKG_VALUE_TABLE, WPKG_REQUIRED, err);
	if (status == WPKG_OK)
		status = wpkg_fields_open(&own, value, "policy", err);
	if (status == WPKG_OK)
		status = wpkg_policy_take(policy, arena, &own, err);
	if (status == WPKG_OK)
		status = wpkg_fields_close(&own, err);
	return status;
}

static enum wpkg_status take_strings(struct wpkg_strings *out, struct wpkg_arena *arena,
				     struct wpkg_fields *fields, const char *key,
				     struct wpkg_err *err)
{
	const struct wpkg_value *list = NULL;
	enum wpkg_status status =
		wpkg_fields_take(fields, &list, key, WPKG_VALUE_ARRAY, WPKG_REQUIRED, err);
	if (status != WPKG_OK)
		return status;
	struct wpkg_str *items = wpkg_arena_alloc(arena, list->count, sizeof(*items));
	if (!items)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory");
	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i].kind != WPKG_VALUE_STRING)
			return WPKG_FAIL_AT(err, WPKG_EFORMAT, &list->items[i],
					    "%s[%zu] is not a string", key, i);
		items[i] = list->items[i].string;
	}
	*out = (struct wpkg_strings){items, list->count};
	return WPKG_OK;
}

static enum wpkg_status take_module(struct wpkg_question_module *module,
				    const struct wpkg_value *value, struct wpkg_err *err)
{
	struct wpkg_fields fields;
	enum wpkg_status status = wpkg_fields_open(&fields, value, "modules", err);
	if (status == WPKG_OK)
		status =
			wpkg_fields_take_string(&fields, &module->name, "name", WPKG_REQUIRED, err);
	if (status == WPKG_OK)
		status = wpkg_fields_take_string(&fields, &module->sha256, "sha256", WPKG_REQUIRED,
						 err);
	if (status == WPKG_OK)
		status = take_amount(&fields, &module->size, "size", err);
	return status == WPKG_OK ? wpkg_fields_close(&fields, err) : status;
}

static enum wpkg_status take_modules(struct wpkg_question_package *package,
				     struct wpkg_arena *arena, struct wpkg_fields *fields,
				     struct wpkg_err *err)
{
	const struct wpkg_value *list = NULL;
	enum wpkg_status status =
		wpkg_fields_take(fields, &list, "modules", WPKG_VALUE_ARRAY, WPKG_REQUIRED, err);
	if (status != WPKG_OK)
		return status;
	package->modules = wpkg_arena_alloc(arena, list->count, sizeof(*package->modules));
	package->module_count = list->count;
	if (!package->modules)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory");
	for (size_t i = 0; status == WPKG_OK && i < list->count; i++)
		status = take_module(&package->modules[i], &list->items[i], err);
	return status;
}

static enum wpkg_status take_package(struct wpkg_question_package *package,
				     struct wpkg_arena *arena, const struct wpkg_value *value,
				     struct wpkg_err *err)
{
	struct wpkg_fields fields;
	enum wpkg_status status = wpkg_fields_open(&fields, value, "packages", err);
	if (status == WPKG_OK)
		status = wpkg_fields_take_string(&fields, &package->name, "name", WPKG_REQUIRED,
						 err);
	if (status == WPKG_OK)
		status = wpkg_fields_take_string(&fields, &package->version, "version",
						 WPKG_REQUIRED, err);
	if (status == WPKG_OK)
		status = wpkg_fields_take_string(&fields, &package->digest, "digest", WPKG_REQUIRED,
						 err);
	if (status == WPKG_OK)
		status = take_strings(&package->needs, arena, &fields, "needs", err);
	if (status == WPKG_OK)
		status = take_modules(package, arena, &fields, err);
	return status == WPKG_OK ? wpkg_fields_close(&fields, err) : status;
}

static enum wpkg_status take_closure(struct wpkg_question_closure *closure,
				     struct wpkg_arena *arena, struct wpkg_fields *fields,
				     struct wpkg_err *err)
{
	const struct wpkg_value *list = NULL;
	enum wpkg_status status =
		wpkg_fields_take(fields, &list, "packages", WPKG_VALUE_ARRAY, WPKG_REQUIRED, err);
	if (status != WPKG_OK)
		return status;
	closure->packages = wpkg_arena_alloc(arena, list->count, sizeof(*closure->packages));
	closure->count = list->count;
	if (!closure->packages)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory");
	for (size_t i = 0; status == WPKG_OK && i < list->count; i++)
		status = take_package(&closure->packages[i], arena, &list->items[i], err);
	if (status == WPKG_OK)
		status = take_strings(&closure->foreign, arena, fields, "foreign", err);
	if (status == WPKG_OK)
		status = take_strings(&closure->problems, arena, fields, "problems", err);
	return status;
}

static enum wpkg_status take_all(struct wpkg_question *question, struct wpkg_arena *arena,
				 struct wpkg_fields *fields, struct wpkg_err *err)
{
	const struct wpkg_value *value = NULL;
	struct wpkg_invoice *invoice = NULL;
	enum wpkg_status status = take_amount(fields, &question->milliseconds, "milliseconds", err);
	if (status == WPKG_OK)
		status = take_amount(fields, &question->memory, "memory", err);
	if (status == WPKG_OK)
		status = take_amount(fields, &question->fuel, "fuel", err);
	if (status == WPKG_OK)
		status = take_amount(fields, &question->output, "output", err);
	if (status == WPKG_OK)
		status = take_policy(&question->policy, arena, fields, err);
	if (status == WPKG_OK)
		status = take_strings(&question->profiles, arena, fields, "profiles", err);
	if (status == WPKG_OK)
		status = take_closure(&question->closure, arena, fields, err);
	if (status == WPKG_OK)
		status = wpkg_fields_take(fields, &value, "invoice", WPKG_VALUE_TABLE,
					  WPKG_REQUIRED, err);
	if (status == WPKG_OK)
		status = wpkg_invoice_from_value(&invoice, arena, value, err);
	if (status == WPKG_OK)
		status = wpkg_fields_close(fields, err);
	if (status == WPKG_OK)
		question->invoice = invoice;
	return status;
}

enum wpkg_status wpkg_question_read(struct wpkg_question *out, struct wpkg_arena *arena,
				    struct wpkg_str text, struct wpkg_err *err)
{
	struct wpkg_question question = {0};
	struct wpkg_fields fields;
	struct wpkg_value *root = NULL;
	enum wpkg_status status = wpkg_json_read(&root, arena, text, err);
	if (status == WPKG_OK)
		status = wpkg_fields_open(&fields, root, "", err);
	if (status == WPKG_OK)
		status = take_all(&question, arena, &fields, err);
	if (status == WPKG_OK)
		*out = question;
	else
		wpkg_err_prepend(err, "question");
	return status;
}
