/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <fcntl.h>

#include "base/file.h"
#include "data/fields.h"
#include "data/toml.h"
#include "net/registry.h"

#define CONFIG_MAX ((size_t)64 * 1024)

/* A whole number within bounds; *out keeps its value when the key is absent. */
static enum wpkg_status take_number(struct wpkg_fields *fields, uint64_t *out, const char *key,
				    uint64_t most, struct wpkg_err *err)
{
	int64_t number = (int64_t)*out;
	enum wpkg_status status =
		wpkg_fields_take_integer(fields, &number, key, WPKG_OPTIONAL, err);
	if (status != WPKG_OK)
		return status;
	if (number < 1 || (uint64_t)number > most)
		return WPKG_FAIL(err, WPKG_EINVAL, "%s is not between 1 and %llu", key,
				 (unsigned long long)most);
	*out = (uint64_t)number;
	return WPKG_OK;
}

static enum wpkg_status take_strategy(struct wpkg_fields *fields, struct config *config,
				      struct wpkg_err *err)
{
	struct wpkg_str text = {0};
	enum wpkg_status status =
		wpkg_fields_take_string(fields, &text, "strategy", WPKG_OPTIONAL, err);
	if (status != WPKG_OK || !text.ptr)
		return status;
	status = wpkg_strategy_parse(&config->strategy, text, err);
	if (status != WPKG_OK)
		wpkg_err_prepend(err, "strategy");
	return status;
}

static enum wpkg_status take_texts(struct wpkg_fields *fields, struct config *config,
				   struct wpkg_err *err)
{
	enum wpkg_status status =
		wpkg_fields_take_string(fields, &config->registry, "registry", WPKG_OPTIONAL, err);
	if (status == WPKG_OK)
		status = wpkg_fields_take_string(fields, &config->keyring, "keyring", WPKG_OPTIONAL,
						 err);
	if (status == WPKG_OK)
		status = wpkg_fields_take_string(fields, &config->ca_file, "ca-file", WPKG_OPTIONAL,
						 err);
	return status;
}

/* [registries]: beginnings of names, and URLs in normal form. */
static enum wpkg_status take_registries(struct wpkg_fields *fields, struct wpkg_arena *arena,
					struct config *config, struct wpkg_err *err)
{
	const struct wpkg_value *table = NULL;
	enum wpkg_status status = wpkg_fields_take(fields, &table, "registries", WPKG_VALUE_TABLE,
						   WPKG_OPTIONAL, err);
	for (size_t i = 0; status == WPKG_OK && table && i < table->count; i++) {
		struct wpkg_buf url;
		struct wpkg_str name = table->keys[i].string;
		if (table->items[i].kind != WPKG_VALUE_STRING)
			return WPKG_FAIL(err, WPKG_EFORMAT, "registries.%.*s is not a string",
					 WPKG_STR_ARG(name));
		wpkg_buf_init(&url, 4096);
		status = wpkg_registry_normalise(&url, table->items[i].string, err);
		if (status == WPKG_OK &&
		    !wpkg_map_set(arena, &config->registries, name, wpkg_buf_str(&url)))
			status = WPKG_FAIL(err, WPKG_ENOMEM, "no memory for registries");
		wpkg_buf_clear(&url);
	}
	return status;
}

static enum wpkg_status take_all(struct wpkg_fields *fields, struct wpkg_arena *arena,
				 struct config *config, struct wpkg_err *err)
{
	uint64_t parallel = config->parallel;
	enum wpkg_status status = take_texts(fields, config, err);
	if (status == WPKG_OK)
		status = take_strategy(fields, config, err);
	if (status == WPKG_OK)
		status = wpkg_fields_take_boolean(fields, &config->honour_roles, "honour-roles",
						  WPKG_OPTIONAL, err);
	if (status == WPKG_OK)
		status = wpkg_fields_take_boolean(fields, &config->plain_credentials,
						  "plain-credentials", WPKG_OPTIONAL, err);
	if (status == WPKG_OK)
		status = wpkg_fields_take_boolean(fields, &config->allow_unsigned, "allow-unsigned",
						  WPKG_OPTIONAL, err);
	if (status == WPKG_OK)
		status = take_number(fields, &parallel, "parallel", 16, err);
	if (status == WPKG_OK)
		status =
			take_number(fields, &config->connect_seconds, "connect-seconds", 3600, err);
	if (status == WPKG_OK)
		status = take_number(fields, &config->stall_seconds, "stall-seconds", 3600, err);
	if (status == WPKG_OK)
		status = take_registries(fields, arena, config, err);
	if (status == WPKG_OK)
		status = wpkg_fields_close(fields, err);
	config->parallel = (unsigned)parallel;
	return status;
}

enum wpkg_status config_read(struct config *out, struct wpkg_arena *arena, const char *path,
			     bool required, struct wpkg_err *err)
{
	struct wpkg_buf text;
	struct wpkg_value *table = NULL;
	struct wpkg_fields fields;
	struct config config = {
		.strategy = {.kind = WPKG_STRATEGY_MULTIPLE_ATTESTATION_GREEDY,
			     .roles = 1U << WPKG_ROLE_HOST},
		.honour_roles = true,
		.parallel = 4,
		.connect_seconds = 15,
		.stall_seconds = 60,
	};
	struct wpkg_err why = {0};
	wpkg_buf_init(&text, CONFIG_MAX);
	enum wpkg_status status = wpkg_file_read(&text, AT_FDCWD, path, &why);
	if (status == WPKG_ENOTFOUND && !required) {
		*out = config;
		status = WPKG_OK;
		goto out;
	}
	if (status == WPKG_OK) {
		status = wpkg_toml_read(&table, arena, wpkg_buf_str(&text), &why);
		if (status == WPKG_OK)
			status = wpkg_fields_open(&fields, table, "", &why);
		if (status == WPKG_OK)
			status = take_all(&fields, arena, &config, &why);
		if (status != WPKG_OK)
			wpkg_err_prepend(&why, "%s", path);
	}
	if (status == WPKG_OK)
		*out = config;
	else if (err)
		*err = why;
out:
	wpkg_buf_clear(&text);
	return status;
}
