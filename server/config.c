/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <fcntl.h>
#include <stddef.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "data/fields.h"
#include "data/toml.h"

#define AT(member) offsetof(struct config, member)

/* One row a setting; the name is the flag and the key of the file. */
const struct wpkg_option config_rows[] = {
	{"config", 0, WPKG_OPTION_TEXT, "FILE", "read settings from this file", "WPKGD_CONFIG",
	 AT(config)},
	{"data", 0, WPKG_OPTION_TEXT, "DIR", "keep everything in this folder", "WPKGD_DATA",
	 AT(data)},
	{"listen", 0, WPKG_OPTION_TEXT, "ADDRESS:PORT", "where to listen; port 0: a free one",
	 "WPKGD_LISTEN", AT(listen)},
	{"port-file", 0, WPKG_OPTION_TEXT, "FILE", "write the port there once it listens",
	 "WPKGD_PORT_FILE", AT(port_file)},
	{"tls-cert", 0, WPKG_OPTION_TEXT, "FILE", "certificate chain (PEM)", "WPKGD_TLS_CERT",
	 AT(tls_cert)},
	{"tls-key", 0, WPKG_OPTION_TEXT, "FILE", "its private key (PEM)", "WPKGD_TLS_KEY",
	 AT(tls_key)},
	{"insecure", 0, WPKG_OPTION_FLAG, NULL, "plain HTTP on other addresses than loopback",
	 "WPKGD_INSECURE", AT(insecure)},
	{"unauthenticated", 0, WPKG_OPTION_FLAG, NULL, "anybody may do anything",
	 "WPKGD_UNAUTHENTICATED", AT(unauthenticated)},
	{"private", 0, WPKG_OPTION_FLAG, NULL, "reading needs a login, too", "WPKGD_PRIVATE",
	 AT(is_private)},
	{"htpasswd", 0, WPKG_OPTION_TEXT, "FILE", "users and bcrypt hashes of their passwords",
	 "WPKGD_HTPASSWD", AT(htpasswd)},
	{"keyring", 0, WPKG_OPTION_TEXT, "FILE", "keys whose signatures count", "WPKGD_KEYRING",
	 AT(keyring)},
	{"strategy", 0, WPKG_OPTION_TEXT, "NAME", "which signatures a package needs",
	 "WPKGD_STRATEGY", AT(strategy)},
	{"unsigned", 0, WPKG_OPTION_TEXT, "allow|deny", "packages without any signature",
	 "WPKGD_UNSIGNED", AT(unsigned_)},
	{"ignore-roles", 0, WPKG_OPTION_FLAG, NULL,
	 "a keyring of before, whose roles meant nothing", "WPKGD_IGNORE_ROLES", AT(ignore_roles)},
	{"host-label", 0, WPKG_OPTION_TEXT, "TEXT", "label of the key that is made at first start",
	 "WPKGD_HOST_LABEL", AT(host_label)},
	{"max-invoice", 0, WPKG_OPTION_SIZE, "SIZE", "largest invoice", "WPKGD_MAX_INVOICE",
	 AT(max_invoice)},
	{"max-parcel", 0, WPKG_OPTION_SIZE, "SIZE", "largest parcel", "WPKGD_MAX_PARCEL",
	 AT(max_parcel)},
	{"max-header", 0, WPKG_OPTION_SIZE, "SIZE", "largest head of a request", "WPKGD_MAX_HEADER",
	 AT(max_header)},
	{"max-connections", 0, WPKG_OPTION_NUMBER, "COUNT", "connections at once",
	 "WPKGD_MAX_CONNECTIONS", AT(max_connections)},
	{"max-connections-per-address", 0, WPKG_OPTION_NUMBER, "COUNT",
	 "connections at once from one address", "WPKGD_MAX_CONNECTIONS_PER_ADDRESS",
	 AT(max_connections_per_address)},
	{"max-requests-per-address", 0, WPKG_OPTION_NUMBER, "COUNT",
	 "requests a minute from one address", "WPKGD_MAX_REQUESTS_PER_ADDRESS",
	 AT(max_requests_per_address)},
	{"header-timeout", 0, WPKG_OPTION_DURATION, "TIME", "for the head of a request to arrive",
	 "WPKGD_HEADER_TIMEOUT", AT(header_timeout)},
	{"idle-timeout", 0, WPKG_OPTION_DURATION, "TIME", "without a byte either way",
	 "WPKGD_IDLE_TIMEOUT", AT(idle_timeout)},
	{"min-rate", 0, WPKG_OPTION_SIZE, "SIZE", "a second that a body must bring on average",
	 "WPKGD_MIN_RATE", AT(min_rate)},
	{"keep-free", 0, WPKG_OPTION_SIZE, "SIZE", "disk space to leave free", "WPKGD_KEEP_FREE",
	 AT(keep_free)},
	{"threads", 0, WPKG_OPTION_NUMBER, "COUNT", "threads that talk HTTP", "WPKGD_THREADS",
	 AT(threads)},
	{"workers", 0, WPKG_OPTION_NUMBER, "COUNT", "threads that wait for disk and admission",
	 "WPKGD_WORKERS", AT(workers)},
	{"admission-program", 0, WPKG_OPTION_TEXT, "FILE", "wpkg-admit", "WPKGD_ADMISSION_PROGRAM",
	 AT(admission_program)},
	{"admission-timeout", 0, WPKG_OPTION_DURATION, "TIME", "for all checks of a version",
	 "WPKGD_ADMISSION_TIMEOUT", AT(admission_timeout)},
	{"admission-memory", 0, WPKG_OPTION_SIZE, "SIZE", "that a check may use",
	 "WPKGD_ADMISSION_MEMORY", AT(admission_memory)},
	{"admission-fuel", 0, WPKG_OPTION_NUMBER, "UNITS", "instructions, about, of a check",
	 "WPKGD_ADMISSION_FUEL", AT(admission_fuel)},
	{"admission-output", 0, WPKG_OPTION_SIZE, "SIZE", "that a check may print",
	 "WPKGD_ADMISSION_OUTPUT", AT(admission_output)},
	{"admission-workers", 0, WPKG_OPTION_NUMBER, "COUNT", "checks at once; 0: one a processor",
	 "WPKGD_ADMISSION_WORKERS", AT(admission_workers)},
	{"log-format", 0, WPKG_OPTION_TEXT, "text|json", "how a line of the log looks",
	 "WPKGD_LOG_FORMAT", AT(log_format)},
	{0}};

/* Defaults, as the configuration file would have them. */
static const struct {
	const char *name;
	const char *value;
} defaults[] = {
	{"listen", "127.0.0.1:8080"},
	{"strategy", "GreedyVerification"},
	{"unsigned", "deny"},
	{"host-label", "Default host key"},
	{"max-invoice", "1MiB"},
	{"max-parcel", "1GiB"},
	{"max-header", "32KiB"},
	{"max-connections", "4096"},
	{"max-connections-per-address", "1024"},
	{"max-requests-per-address", "60000"},
	{"header-timeout", "10"},
	{"idle-timeout", "60"},
	{"min-rate", "1KiB"},
	{"keep-free", "64MiB"},
	{"threads", "2"},
	{"workers", "16"},
	{"admission-timeout", "60"},
	{"admission-memory", "1GiB"},
	{"admission-fuel", "10000000000"},
	{"admission-output", "1MiB"},
	{"log-format", "text"},
};

static void *target_of(struct config *config, const struct wpkg_option *row)
{
	return (char *)config + row->offset;
}

static bool is_given(struct config *config, const struct wpkg_option *row)
{
	const void *target = target_of(config, row);
	switch (row->kind) {
	case WPKG_OPTION_FLAG:
		return *(const bool *)target;
	case WPKG_OPTION_TEXT:
		return *(const char *const *)target != NULL;
	case WPKG_OPTION_NUMBER:
	case WPKG_OPTION_SIZE:
		return *(const uint64_t *)target != 0;
	case WPKG_OPTION_DURATION:
		return *(const int64_t *)target != 0;
	case WPKG_OPTION_TEXTS:
		break;
	}
	return true;
}

static enum wpkg_status set_text(struct config *config, const struct wpkg_option *row,
				 struct wpkg_arena *arena, struct wpkg_str text,
				 struct wpkg_err *err)
{
	void *target = target_of(config, row);
	struct wpkg_str copy;
	switch (row->kind) {
	case WPKG_OPTION_TEXT:
		copy = wpkg_arena_dup(arena, text);
		*(const char **)target = copy.ptr;
		return copy.ptr ? WPKG_OK : WPKG_FAIL(err, WPKG_ENOMEM, "no memory");
	case WPKG_OPTION_SIZE:
		return wpkg_size_parse(target, text, err);
	case WPKG_OPTION_DURATION:
		return wpkg_duration_parse(target, text, err);
	case WPKG_OPTION_NUMBER:
		return wpkg_str_parse_u64(text, target)
			       ? WPKG_OK
			       : WPKG_FAIL(err, WPKG_EFORMAT, "'%.*s' is not a number",
					   WPKG_STR_ARG(text));
	case WPKG_OPTION_FLAG:
	case WPKG_OPTION_TEXTS:
		break;
	}
	return WPKG_FAIL(err, WPKG_EFORMAT, "is true or false");
}

/* A key of the file; what is given already stays, but is read all the same. */
static enum wpkg_status take_row(struct config *config, const struct wpkg_option *row,
				 struct wpkg_arena *arena, const struct wpkg_value *value,
				 struct wpkg_err *err)
{
	struct config scratch = {0};
	struct config *into = is_given(config, row) ? &scratch : config;
	if (value->kind == WPKG_VALUE_BOOLEAN && row->kind == WPKG_OPTION_FLAG) {
		*(bool *)target_of(into, row) = value->boolean;
		return WPKG_OK;
	}
	if (value->kind == WPKG_VALUE_INTEGER && value->integer >= 0 &&
	    (row->kind == WPKG_OPTION_NUMBER || row->kind == WPKG_OPTION_SIZE ||
	     row->kind == WPKG_OPTION_DURATION)) {
		*(uint64_t *)target_of(into, row) = (uint64_t)value->integer;
		return WPKG_OK;
	}
	if (value->kind != WPKG_VALUE_STRING || row->kind == WPKG_OPTION_FLAG)
		return WPKG_FAIL_AT(err, WPKG_EFORMAT, value, "%s is %s", row->name,
				    wpkg_value_kind_name(value->kind));
	struct wpkg_err inner = {0};
	enum wpkg_status status = set_text(into, row, arena, value->string, &inner);
	return status == WPKG_OK ? WPKG_OK
				 : WPKG_FAIL_AT(err, status, value, "%s: %s", row->name, inner.msg);
}

/* Every key of the table must be a row's name. */
static enum wpkg_status take_table(struct config *config, struct wpkg_arena *arena,
				   const struct wpkg_value *table, struct wpkg_err *err)
{
	struct wpkg_fields fields;
	enum wpkg_status status = wpkg_fields_open(&fields, table, "", err);
	for (const struct wpkg_option *row = config_rows + 1; status == WPKG_OK && row->name;
	     row++) {
		const struct wpkg_value *value = wpkg_value_find(table, row->name);
		const struct wpkg_value *taken = NULL;
		/* Taking it by its own kind tells the reader that the key is known. */
		status = wpkg_fields_take(&fields, &taken, row->name,
					  value ? value->kind : WPKG_VALUE_STRING, WPKG_OPTIONAL,
					  err);
		if (status == WPKG_OK && value)
			status = take_row(config, row, arena, value, err);
	}
	return status == WPKG_OK ? wpkg_fields_close(&fields, err) : status;
}

#define CONFIG_MAX ((size_t)1 << 20)

static enum wpkg_status take_file(struct config *config, struct wpkg_arena *arena,
				  struct wpkg_err *err)
{
	struct wpkg_buf text;
	struct wpkg_value *table = NULL;
	wpkg_buf_init(&text, CONFIG_MAX);
	enum wpkg_status status = wpkg_file_read(&text, AT_FDCWD, config->config, err);
	if (status == WPKG_OK) {
		status = wpkg_toml_read(&table, arena, wpkg_buf_str(&text), err);
		if (status == WPKG_OK)
			status = take_table(config, arena, table, err);
		if (status != WPKG_OK)
			wpkg_err_prepend(err, "%s", config->config);
	}
	wpkg_buf_clear(&text);
	return status;
}

static const struct wpkg_option *find_row(const char *name)
{
	const struct wpkg_option *row = config_rows;
	while (strcmp(row->name, name) != 0)
		row++;
	return row;
}

static enum wpkg_status check(const struct config *config, struct wpkg_err *err)
{
	if (!config->data)
		return WPKG_FAIL(err, WPKG_EINVAL, "no folder for the data: --data DIR");
	if (strcmp(config->unsigned_, "allow") != 0 && strcmp(config->unsigned_, "deny") != 0)
		return WPKG_FAIL(err, WPKG_EINVAL, "unsigned: '%s' is neither allow nor deny",
				 config->unsigned_);
	if (strcmp(config->log_format, "text") != 0 && strcmp(config->log_format, "json") != 0)
		return WPKG_FAIL(err, WPKG_EINVAL, "log-format: '%s' is neither text nor json",
				 config->log_format);
	if (!config->tls_cert != !config->tls_key)
		return WPKG_FAIL(err, WPKG_EINVAL, "tls-cert and tls-key belong together");
	if (config->threads > 64 || config->workers > 1024 || config->workers == 0)
		return WPKG_FAIL(err, WPKG_EINVAL, "threads: 1 to 64, workers: 1 to 1024");
	return WPKG_OK;
}

enum wpkg_status config_complete(struct config *config, struct wpkg_arena *arena,
				 struct wpkg_err *err)
{
	enum wpkg_status status = config->config ? take_file(config, arena, err) : WPKG_OK;
	for (size_t i = 0; status == WPKG_OK && i < sizeof(defaults) / sizeof(defaults[0]); i++) {
		const struct wpkg_option *row = find_row(defaults[i].name);
		if (!is_given(config, row))
			status =
				set_text(config, row, arena, wpkg_str_from(defaults[i].value), err);
	}
	return status == WPKG_OK ? check(config, err) : status;
}

/* A basic string of TOML; the texts here come from the operator. */
static void append_string(struct wpkg_buf *out, const char *text)
{
	wpkg_buf_append_byte(out, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			wpkg_buf_append_byte(out, '\\');
		wpkg_buf_append_byte(out, (uint8_t)*text);
	}
	wpkg_buf_append_byte(out, '"');
}

void config_format(struct wpkg_buf *out, const struct config *config)
{
	for (const struct wpkg_option *row = config_rows + 1; row->name; row++) {
		const void *target = (const char *)config + row->offset;
		const char *text =
			row->kind == WPKG_OPTION_TEXT ? *(const char *const *)target : "";
		if (!text) {
			wpkg_buf_append_format(out, "# %s is not set\n", row->name);
			continue;
		}
		wpkg_buf_append_format(out, "%s = ", row->name);
		if (row->kind == WPKG_OPTION_TEXT)
			append_string(out, text);
		else if (row->kind == WPKG_OPTION_FLAG)
			wpkg_buf_append_text(out, *(const bool *)target ? "true" : "false");
		else
			wpkg_buf_append_format(out, "%llu",
					       (unsigned long long)*(const uint64_t *)target);
		wpkg_buf_append_byte(out, '\n');
	}
}
