/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "base/clock.h"
#include "base/file.h"
#include "data/fields.h"
#include "data/json.h"
#include "data/toml.h"
#include "listen.h"
#include "net/url.h"
#include "pkg/verify.h"

#define CONFIG_MAX ((size_t)1 << 20)

/* Defaults, as the configuration file would have them. */
#define LISTEN "127.0.0.1:8080"
#define STRATEGY "GreedyVerification"
#define UNSIGNED "deny"
#define HOST_LABEL "Default host key"
#define MAX_INVOICE "1MiB"
#define MAX_PARCEL "1GiB"
#define MAX_HEADER "32KiB"
#define MAX_CONNECTIONS "4096"
#define MAX_CONNECTIONS_PER_ADDRESS "1024"
#define MAX_REQUESTS_PER_ADDRESS "60000"
#define HEADER_TIMEOUT "10s"
#define IDLE_TIMEOUT "60s"
#define STOP_TIMEOUT "30s"
#define SESSION_TIMEOUT "1d"
#define MIN_RATE "1KiB"
#define WARN_FREE "1GiB"
#define KEEP_FREE "64MiB"
#define THREADS "2"
#define WORKERS "16"
#define ADMISSION_TIMEOUT "60s"
#define ADMISSION_MEMORY "1GiB"
#define ADMISSION_FUEL "10000000000"
#define ADMISSION_OUTPUT "1MiB"
#define LOG_FORMAT "text"

#define ROW(name, kind, argument, help, environment, member)                                       \
	{                                                                                          \
		name, 0, WPKG_OPTION_##kind, argument, help, "WPKGD_" environment,                 \
			offsetof(struct config, member)                                            \
	}

/* One row a setting; the name is the flag and the key of the file. */
const struct wpkg_option config_rows[] = {
	ROW("config", TEXT, "FILE", "read settings from this file", "CONFIG", config),
	ROW("data", TEXT, "DIR", "keep everything in this folder", "DATA", data),
	ROW("listen", TEXT, "ADDRESS:PORT", "where to listen (" LISTEN "); port 0: a free one",
	    "LISTEN", listen),
	ROW("metrics-listen", TEXT, "ADDRESS:PORT",
	    "where to answer /metrics, /healthz and /readyz to operators, without a login, "
	    "and /metrics nowhere else",
	    "METRICS_LISTEN", metrics_listen),
	ROW("port-file", TEXT, "FILE", "write the port there once it listens", "PORT_FILE",
	    port_file),
	ROW("tls-cert", TEXT, "FILE", "certificate chain (PEM)", "TLS_CERT", tls_cert),
	ROW("tls-key", TEXT, "FILE", "its private key (PEM)", "TLS_KEY", tls_key),
	ROW("insecure", FLAG, NULL, "plain HTTP on other addresses than loopback", "INSECURE",
	    insecure),
	ROW("public-url", TEXT, "URL",
	    "what clients call this server, for addresses in answers (as they ask)", "PUBLIC_URL",
	    public_url),
	ROW("trusted-proxies", TEXT, "NETWORK,...",
	    "addresses and networks (10.0.0.0/8) whose X-Forwarded-For says who the client is",
	    "TRUSTED_PROXIES", trusted_proxies),
	ROW("unauthenticated", FLAG, NULL, "anybody may do anything", "UNAUTHENTICATED",
	    unauthenticated),
	ROW("private", FLAG, NULL, "reading needs a login, too", "PRIVATE", is_private),
	ROW("basic-login", FLAG, NULL,
	    "OCI clients are asked for a password with each request, not to fetch a token",
	    "BASIC_LOGIN", basic_login),
	ROW("htpasswd", TEXT, "FILE", "users and bcrypt hashes of their passwords", "HTPASSWD",
	    htpasswd),
	ROW("keyring", TEXT, "FILE", "keys whose signatures count", "KEYRING", keyring),
	ROW("strategy", TEXT, "NAME", "which signatures a package needs (" STRATEGY ")", "STRATEGY",
	    strategy),
	ROW("unsigned", TEXT, "allow|deny", "packages without any signature (" UNSIGNED ")",
	    "UNSIGNED", unsigned_),
	ROW("ignore-roles", FLAG, NULL, "a keyring of before, whose roles meant nothing",
	    "IGNORE_ROLES", ignore_roles),
	ROW("mutable-versions", FLAG, NULL,
	    "over OCI, a tag that is a version may be pushed again and moved", "MUTABLE_VERSIONS",
	    mutable_versions),
	ROW("host-label", TEXT, "TEXT", "label of the key that is made at the first start",
	    "HOST_LABEL", host_label),
	ROW("max-invoice", SIZE, "SIZE", "largest invoice (" MAX_INVOICE ")", "MAX_INVOICE",
	    max_invoice),
	ROW("max-parcel", SIZE, "SIZE", "largest parcel (" MAX_PARCEL ")", "MAX_PARCEL",
	    max_parcel),
	ROW("max-header", SIZE, "SIZE", "largest head of a request (" MAX_HEADER ")", "MAX_HEADER",
	    max_header),
	ROW("max-connections", NUMBER, "COUNT", "connections at once (" MAX_CONNECTIONS ")",
	    "MAX_CONNECTIONS", max_connections),
	ROW("max-connections-per-address", NUMBER, "COUNT",
	    "connections at once from one address (" MAX_CONNECTIONS_PER_ADDRESS ")",
	    "MAX_CONNECTIONS_PER_ADDRESS", max_connections_per_address),
	ROW("max-requests-per-address", NUMBER, "COUNT",
	    "requests a minute from one address (" MAX_REQUESTS_PER_ADDRESS ")",
	    "MAX_REQUESTS_PER_ADDRESS", max_requests_per_address),
	ROW("max-requests-per-user", NUMBER, "COUNT",
	    "requests a minute of one user, over all addresses (no limit)", "MAX_REQUESTS_PER_USER",
	    max_requests_per_user),
	ROW("max-pushes-per-user", NUMBER, "COUNT",
	    "requests a minute with which one user pushes, each invoice, parcel, blob and manifest "
	    "(no limit)",
	    "MAX_PUSHES_PER_USER", max_pushes_per_user),
	ROW("header-timeout", DURATION, "TIME",
	    "for the head of a request to arrive (" HEADER_TIMEOUT ")", "HEADER_TIMEOUT",
	    header_timeout),
	ROW("idle-timeout", DURATION, "TIME", "without a byte either way (" IDLE_TIMEOUT ")",
	    "IDLE_TIMEOUT", idle_timeout),
	ROW("stop-timeout", DURATION, "TIME",
	    "for running requests when it is to end (" STOP_TIMEOUT ")", "STOP_TIMEOUT",
	    stop_timeout),
	ROW("session-timeout", DURATION, "TIME",
	    "for an upload in several requests to go on (" SESSION_TIMEOUT ")", "SESSION_TIMEOUT",
	    session_timeout),
	ROW("min-rate", SIZE, "SIZE",
	    "a second that a client must send or take on average (" MIN_RATE ")", "MIN_RATE",
	    min_rate),
	ROW("warn-free", SIZE, "SIZE", "disk space below which it is said (" WARN_FREE ")",
	    "WARN_FREE", warn_free),
	ROW("keep-free", SIZE, "SIZE",
	    "disk space to leave free: below it nothing is pushed (" KEEP_FREE ")", "KEEP_FREE",
	    keep_free),
	ROW("audit-retention", DURATION, "TIME",
	    "how long events are kept for 'audit' and the feed (for ever)", "AUDIT_RETENTION",
	    audit_retention),
	ROW("threads", NUMBER, "COUNT", "threads that talk HTTP (" THREADS ")", "THREADS", threads),
	ROW("workers", NUMBER, "COUNT", "threads that wait for the disk (" WORKERS ")", "WORKERS",
	    workers),
	ROW("admission-program", TEXT, "FILE", "wpkg-admit", "ADMISSION_PROGRAM",
	    admission_program),
	ROW("admission-timeout", DURATION, "TIME",
	    "for all checks of a version (" ADMISSION_TIMEOUT ")", "ADMISSION_TIMEOUT",
	    admission_timeout),
	ROW("admission-memory", SIZE, "SIZE", "that a check may use (" ADMISSION_MEMORY ")",
	    "ADMISSION_MEMORY", admission_memory),
	ROW("admission-fuel", NUMBER, "UNITS",
	    "instructions, about, of a check (" ADMISSION_FUEL ")", "ADMISSION_FUEL",
	    admission_fuel),
	ROW("admission-output", SIZE, "SIZE", "that a check may print (" ADMISSION_OUTPUT ")",
	    "ADMISSION_OUTPUT", admission_output),
	ROW("admission-workers", NUMBER, "COUNT", "checks at once (one a processor)",
	    "ADMISSION_WORKERS", admission_workers),
	ROW("host-profiles", TEXT, "DIR", "profiles of hosts beside those that are known",
	    "HOST_PROFILES", host_profiles),
	ROW("log-format", TEXT, "text|json", "how a line of the log looks (" LOG_FORMAT ")",
	    "LOG_FORMAT", log_format),
	{0}};

#define ROWS (sizeof(config_rows) / sizeof(config_rows[0]) - 1)
_Static_assert(ROWS <= CONFIG_ROWS_MAX, "config_source has no room for a row");

static const struct {
	const char *name;
	const char *value;
} defaults[] = {
	{"listen", LISTEN},
	{"strategy", STRATEGY},
	{"unsigned", UNSIGNED},
	{"host-label", HOST_LABEL},
	{"max-invoice", MAX_INVOICE},
	{"max-parcel", MAX_PARCEL},
	{"max-header", MAX_HEADER},
	{"max-connections", MAX_CONNECTIONS},
	{"max-connections-per-address", MAX_CONNECTIONS_PER_ADDRESS},
	{"max-requests-per-address", MAX_REQUESTS_PER_ADDRESS},
	{"header-timeout", HEADER_TIMEOUT},
	{"idle-timeout", IDLE_TIMEOUT},
	{"stop-timeout", STOP_TIMEOUT},
	{"session-timeout", SESSION_TIMEOUT},
	{"min-rate", MIN_RATE},
	{"warn-free", WARN_FREE},
	{"keep-free", KEEP_FREE},
	{"threads", THREADS},
	{"workers", WORKERS},
	{"admission-timeout", ADMISSION_TIMEOUT},
	{"admission-memory", ADMISSION_MEMORY},
	{"admission-fuel", ADMISSION_FUEL},
	{"admission-output", ADMISSION_OUTPUT},
	{"log-format", LOG_FORMAT},
};

/* What a SIGHUP brings into force; for all else the server must be started again. */
static const char *const reloaded[] = {
	"config",
	"tls-cert",
	"tls-key",
	"htpasswd",
	"keyring",
	"strategy",
	"unsigned",
	"ignore-roles",
	"host-label",
	"max-invoice",
	"max-parcel",
	"header-timeout",
	"min-rate",
	"stop-timeout",
	"max-requests-per-address",
	"audit-retention",
	"max-requests-per-user",
	"max-pushes-per-user",
	"warn-free",
};

void config_take(struct config_source *out, const struct wpkg_invocation *invocation)
{
	memcpy(&out->values, invocation->options, sizeof(out->values));
	memcpy(out->given, invocation->given, ROWS * sizeof(out->given[0]));
}

/* Values. */

static void *target_of(struct config *config, size_t row)
{
	return (char *)config + config_rows[row].offset;
}

static enum wpkg_status set_text(struct config *config, size_t row, struct wpkg_arena *arena,
				 struct wpkg_str text, struct wpkg_err *err)
{
	void *target = target_of(config, row);
	struct wpkg_str copy;
	switch (config_rows[row].kind) {
	case WPKG_OPTION_TEXT:
		if (text.len > 0 && memchr(text.ptr, '\0', text.len))
			return WPKG_FAIL(err, WPKG_EFORMAT, "has a NUL byte");
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
	return WPKG_FAIL(err, WPKG_EFORMAT, "is neither true nor false");
}

static bool is_amount(enum wpkg_option_kind kind)
{
	return kind == WPKG_OPTION_NUMBER || kind == WPKG_OPTION_SIZE ||
	       kind == WPKG_OPTION_DURATION;
}

/* A key of the file. */
static enum wpkg_status set_value(struct config *config, size_t row, struct wpkg_arena *arena,
				  const struct wpkg_value *value, struct wpkg_err *err)
{
	const struct wpkg_option *option = &config_rows[row];
	if (value->kind == WPKG_VALUE_BOOLEAN && option->kind == WPKG_OPTION_FLAG) {
		*(bool *)target_of(config, row) = value->boolean;
		return WPKG_OK;
	}
	if (value->kind == WPKG_VALUE_INTEGER && value->integer >= 0 && is_amount(option->kind)) {
		*(uint64_t *)target_of(config, row) = (uint64_t)value->integer;
		return WPKG_OK;
	}
	if (value->kind != WPKG_VALUE_STRING)
		return WPKG_FAIL_AT(err, WPKG_EFORMAT, value, "%s cannot be %s", option->name,
				    value->kind == WPKG_VALUE_INTEGER
					    ? "this number"
					    : wpkg_value_kind_name(value->kind));
	struct wpkg_err why = {0};
	enum wpkg_status status = set_text(config, row, arena, value->string, &why);
	return status == WPKG_OK
		       ? WPKG_OK
		       : WPKG_FAIL_AT(err, status, value, "%s: %s", option->name, why.msg);
}

static enum wpkg_status take_variable(struct config_source *source, size_t row,
				      struct wpkg_arena *arena, struct wpkg_err *err)
{
	const char *text;
	enum wpkg_status status = wpkg_variable_find(&text, &config_rows[row], err);
	if (status != WPKG_OK || !text)
		return status;
	source->given[row] = true;
	if (config_rows[row].kind == WPKG_OPTION_FLAG)
		*(bool *)target_of(&source->values, row) = true;
	else
		status = set_text(&source->values, row, arena, wpkg_str_from(text), err);
	if (status != WPKG_OK)
		wpkg_err_prepend(err, "%s", config_rows[row].environment);
	return status;
}

enum wpkg_status config_take_named(struct config_source *out, struct wpkg_arena *arena,
				   const char *file, const char *data, struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	*out = (struct config_source){0};
	for (size_t row = 0; status == WPKG_OK && row < ROWS; row++) {
		const char *name = config_rows[row].name;
		const char *given = strcmp(name, "config") == 0 ? file
				    : strcmp(name, "data") == 0 ? data
								: NULL;
		if (!given) {
			status = take_variable(out, row, arena, err);
			continue;
		}
		*(const char **)target_of(&out->values, row) = given;
		out->given[row] = true;
	}
	return status;
}

/* The file. */

static enum wpkg_status take_row(struct config *config, size_t row, bool *given,
				 struct wpkg_arena *arena, struct wpkg_fields *fields,
				 struct wpkg_err *err)
{
	/* What is overruled is read all the same: it must not be wrong unnoticed. */
	struct config scratch = {0};
	const struct wpkg_value *taken = NULL;
	const char *name = config_rows[row].name;
	const struct wpkg_value *value = wpkg_value_find(fields->table, name);
	/* Taking it by its own kind tells the reader that the key is known. */
	enum wpkg_status status = wpkg_fields_take(
		fields, &taken, name, value ? value->kind : WPKG_VALUE_STRING, WPKG_OPTIONAL, err);
	if (status != WPKG_OK || !value)
		return status;
	status = set_value(*given ? &scratch : config, row, arena, value, err);
	*given = true;
	return status;
}

static enum wpkg_status take_policy(struct config *config, struct wpkg_arena *arena,
				    struct wpkg_fields *fields, struct wpkg_err *err)
{
	struct wpkg_fields policy;
	const struct wpkg_value *table = NULL;
	enum wpkg_status status =
		wpkg_fields_take(fields, &table, "policy", WPKG_VALUE_TABLE, WPKG_OPTIONAL, err);
	if (status != WPKG_OK || !table)
		return status;
	status = wpkg_fields_open(&policy, table, "policy", err);
	if (status == WPKG_OK)
		status = wpkg_policy_take(&config->policy, arena, &policy, err);
	return status == WPKG_OK ? wpkg_fields_close(&policy, err) : status;
}

static enum wpkg_status take_webhooks(struct config *config, struct wpkg_arena *arena,
				      struct wpkg_fields *fields, struct wpkg_err *err)
{
	const struct wpkg_value *array = NULL;
	enum wpkg_status status =
		wpkg_fields_take(fields, &array, "webhook", WPKG_VALUE_ARRAY, WPKG_OPTIONAL, err);
	return status == WPKG_OK && array ? webhook_rules_take(&config->webhooks, arena, array, err)
					  : status;
}

static enum wpkg_status take_quotas(struct config *config, struct wpkg_arena *arena,
				    struct wpkg_fields *fields, struct wpkg_err *err)
{
	const struct wpkg_value *array = NULL;
	enum wpkg_status status =
		wpkg_fields_take(fields, &array, "quota", WPKG_VALUE_ARRAY, WPKG_OPTIONAL, err);
	return status == WPKG_OK && array ? quota_rules_take(&config->quotas, arena, array, err)
					  : status;
}

static enum wpkg_status take_table(struct config *config, bool *given, struct wpkg_arena *arena,
				   const struct wpkg_value *table, struct wpkg_err *err)
{
	struct wpkg_fields fields;
	enum wpkg_status status = wpkg_fields_open(&fields, table, "", err);
	/* The first row is the file itself. */
	for (size_t row = 1; status == WPKG_OK && row < ROWS; row++)
		status = take_row(config, row, &given[row], arena, &fields, err);
	if (status == WPKG_OK)
		status = take_policy(config, arena, &fields, err);
	if (status == WPKG_OK)
		status = take_webhooks(config, arena, &fields, err);
	if (status == WPKG_OK)
		status = take_quotas(config, arena, &fields, err);
	return status == WPKG_OK ? wpkg_fields_close(&fields, err) : status;
}

static enum wpkg_status take_file(struct config *config, bool *given, struct wpkg_arena *arena,
				  struct wpkg_err *err)
{
	struct wpkg_buf text;
	struct wpkg_value *table = NULL;
	wpkg_buf_init(&text, CONFIG_MAX);
	enum wpkg_status status = wpkg_file_read(&text, AT_FDCWD, config->config, err);
	if (status == WPKG_OK) {
		status = wpkg_toml_read(&table, arena, wpkg_buf_str(&text), err);
		if (status == WPKG_OK)
			status = take_table(config, given, arena, table, err);
		if (status != WPKG_OK)
			wpkg_err_prepend(err, "%s", config->config);
	}
	wpkg_buf_clear(&text);
	return status;
}

/* All together. */

static enum wpkg_status take_defaults(struct config *config, const bool *given,
				      struct wpkg_arena *arena, struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	for (size_t i = 0; status == WPKG_OK && i < sizeof(defaults) / sizeof(defaults[0]); i++) {
		size_t row = 0;
		while (strcmp(config_rows[row].name, defaults[i].name) != 0)
			row++;
		if (!given[row])
			status =
				set_text(config, row, arena, wpkg_str_from(defaults[i].value), err);
	}
	return status;
}

static enum wpkg_status check_word(const char *name, const char *word, const char *one,
				   const char *other, struct wpkg_err *err)
{
	if (strcmp(word, one) == 0 || strcmp(word, other) == 0)
		return WPKG_OK;
	return WPKG_FAIL(err, WPKG_EINVAL, "%s: '%s' is neither %s nor %s", name, word, one, other);
}

static enum wpkg_status check_range(const char *name, uint64_t number, uint64_t least,
				    uint64_t most, struct wpkg_err *err)
{
	if (number >= least && number <= most)
		return WPKG_OK;
	return WPKG_FAIL(err, WPKG_EINVAL, "%s: %llu is not between %llu and %llu", name,
			 (unsigned long long)number, (unsigned long long)least,
			 (unsigned long long)most);
}

static enum wpkg_status check_proxies(const struct config *config, struct wpkg_err *err)
{
	struct wpkg_str rest = wpkg_str_from(config->trusted_proxies);
	struct wpkg_str proxy;
	enum wpkg_status status = WPKG_OK;
	while (status == WPKG_OK && wpkg_str_split(&rest, ',', &proxy))
		status = address_check_network(wpkg_str_trim(proxy), err);
	if (status != WPKG_OK)
		wpkg_err_prepend(err, "trusted-proxies");
	return status;
}

/* What would only be seen by the server that is started with it. */
static enum wpkg_status check_texts(const struct config *config, struct wpkg_err *err)
{
	struct wpkg_strategy strategy;
	const struct {
		const char *name, *address;
	} listeners[] = {{"listen", config->listen}, {"metrics-listen", config->metrics_listen}};
	enum wpkg_status status =
		wpkg_strategy_parse(&strategy, wpkg_str_from(config->strategy), err);
	if (status != WPKG_OK)
		wpkg_err_prepend(err, "strategy");
	for (size_t i = 0; status == WPKG_OK && i < 2; i++) {
		if (!listeners[i].address)
			continue;
		status = listen_check(listeners[i].address, err);
		if (status != WPKG_OK)
			wpkg_err_prepend(err, "%s", listeners[i].name);
	}
	return status;
}

/* All addresses are made of it: it ends with its host and port, whether or not a slash was behind
 * them. Nothing here is served below another path than "/". */
static enum wpkg_status take_public_url(struct config *config, struct wpkg_arena *arena,
					struct wpkg_err *err)
{
	struct wpkg_url url;
	if (!config->public_url)
		return WPKG_OK;
	enum wpkg_status status = wpkg_url_parse(&url, wpkg_str_from(config->public_url), err);
	if (status == WPKG_OK && url.path.len > 0 && !wpkg_str_equal_text(url.path, "/"))
		status = WPKG_FAIL(err, WPKG_EINVAL, "'%s' has a path: clients ask at the root",
				   config->public_url);
	if (status != WPKG_OK) {
		wpkg_err_prepend(err, "public-url");
		return status;
	}
	config->public_url = wpkg_arena_dup(arena, url.origin).ptr;
	return config->public_url ? WPKG_OK : WPKG_FAIL(err, WPKG_ENOMEM, "public-url: no memory");
}

static enum wpkg_status check(const struct config *config, struct wpkg_err *err)
{
	const uint64_t day = 86400;
	const struct {
		const char *name;
		uint64_t number, least, most;
	} ranges[] = {
		{"threads", config->threads, 1, 64},
		{"workers", config->workers, 1, 1024},
		{"max-connections", config->max_connections, 1, 1000000},
		{"max-connections-per-address", config->max_connections_per_address, 1, 1000000},
		{"max-requests-per-address", config->max_requests_per_address, 1, UINT32_MAX},
		{"max-requests-per-user", config->max_requests_per_user, 0, UINT32_MAX},
		{"max-pushes-per-user", config->max_pushes_per_user, 0, UINT32_MAX},
		{"max-header", config->max_header, 2048, 1 << 20},
		{"max-invoice", config->max_invoice, 1024, WPKG_INVOICE_MAX},
		{"header-timeout", (uint64_t)config->header_timeout, 1, day},
		{"idle-timeout", (uint64_t)config->idle_timeout, 1, day},
		{"stop-timeout", (uint64_t)config->stop_timeout, 0, day},
		{"session-timeout", (uint64_t)config->session_timeout, 1, 3650 * day},
		{"admission-workers", config->admission_workers, 0, 1024},
		{"admission-timeout", (uint64_t)config->admission_timeout, 1, day},
	};
	enum wpkg_status status = WPKG_OK;
	for (size_t i = 0; status == WPKG_OK && i < sizeof(ranges) / sizeof(ranges[0]); i++)
		status = check_range(ranges[i].name, ranges[i].number, ranges[i].least,
				     ranges[i].most, err);
	if (status == WPKG_OK)
		status = check_word("unsigned", config->unsigned_, "allow", "deny", err);
	if (status == WPKG_OK)
		status = check_proxies(config, err);
	if (status == WPKG_OK)
		status = check_word("log-format", config->log_format, "text", "json", err);
	if (status == WPKG_OK && !config->tls_cert != !config->tls_key)
		return WPKG_FAIL(err, WPKG_EINVAL, "tls-cert and tls-key belong together");
	if (status == WPKG_OK && config->unauthenticated &&
	    (config->htpasswd || config->is_private))
		return WPKG_FAIL(err, WPKG_EINVAL,
				 "unauthenticated contradicts htpasswd and private");
	return status;
}

enum wpkg_status config_complete(struct config *out, struct wpkg_arena *arena,
				 const struct config_source *source, struct wpkg_err *err)
{
	struct config config = source->values;
	bool given[CONFIG_ROWS_MAX];
	memcpy(given, source->given, sizeof(given));
	enum wpkg_status status = config.config ? take_file(&config, given, arena, err) : WPKG_OK;
	if (status == WPKG_OK)
		status = take_defaults(&config, given, arena, err);
	if (status == WPKG_OK)
		status = check(&config, err);
	if (status == WPKG_OK)
		status = check_texts(&config, err);
	if (status == WPKG_OK)
		status = take_public_url(&config, arena, err);
	if (status == WPKG_OK)
		*out = config;
	return status;
}

/* As text. */

static void format_row(struct wpkg_buf *out, const struct config *config, size_t row)
{
	const struct wpkg_option *option = &config_rows[row];
	const void *target = (const char *)config + option->offset;
	const char *text = option->kind == WPKG_OPTION_TEXT ? *(const char *const *)target : "";
	if (!text) {
		wpkg_buf_append_format(out, "# %s is not set\n", option->name);
		return;
	}
	wpkg_buf_append_format(out, "%s = ", option->name);
	if (option->kind == WPKG_OPTION_TEXT)
		/* A JSON string is a basic string of TOML. */
		wpkg_json_write_string(out, wpkg_str_from(text));
	else if (option->kind == WPKG_OPTION_FLAG)
		wpkg_buf_append_text(out, *(const bool *)target ? "true" : "false");
	else
		wpkg_buf_append_format(out, "%llu", (unsigned long long)*(const uint64_t *)target);
	wpkg_buf_append_byte(out, '\n');
}

/* What is a table of the file, not a row. */

static bool add_policy(struct wpkg_arena *arena, struct wpkg_value *table,
		       const struct config *config)
{
	struct wpkg_value *policy = wpkg_value_add(arena, table, "policy", WPKG_VALUE_TABLE);
	bool good = policy && wpkg_policy_add(arena, policy, &config->policy);
	if (good && policy->count == 0)
		table->count--;
	return good;
}

static bool add_webhooks(struct wpkg_arena *arena, struct wpkg_value *table,
			 const struct config *config)
{
	return webhook_rules_add(arena, table, &config->webhooks);
}

static bool add_quotas(struct wpkg_arena *arena, struct wpkg_value *table,
		       const struct config *config)
{
	return quota_rules_add(arena, table, &config->quotas);
}

static const struct {
	const char *name;
	bool (*add)(struct wpkg_arena *arena, struct wpkg_value *table,
		    const struct config *config);
	bool is_reloaded;
} tables[] = {{"policy", add_policy, false},
	      {"webhook", add_webhooks, false},
	      {"quota", add_quotas, true}};

#define TABLES (sizeof(tables) / sizeof(tables[0]))

/* Nothing when the table is empty. */
static enum wpkg_status format_table(struct wpkg_buf *out, size_t which,
				     const struct config *config, struct wpkg_err *err)
{
	struct wpkg_arena arena;
	wpkg_arena_init(&arena, CONFIG_MAX);
	struct wpkg_value *table = wpkg_value_new_table(&arena);
	bool good = table && tables[which].add(&arena, table, config);
	if (good && table->count > 0) {
		wpkg_buf_append_byte(out, '\n');
		wpkg_toml_write(out, table);
	}
	wpkg_arena_clear(&arena);
	if (!good)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for the configuration");
	return WPKG_OK;
}

enum wpkg_status config_format(struct wpkg_buf *out, const struct config *config,
			       struct wpkg_err *err)
{
	for (size_t row = 1; row < ROWS; row++)
		format_row(out, config, row);
	enum wpkg_status status = WPKG_OK;
	for (size_t i = 0; status == WPKG_OK && i < TABLES; i++)
		status = format_table(out, i, config, err);
	return status == WPKG_OK ? wpkg_buf_check(out, "configuration", err) : status;
}

static bool is_reloaded(const char *name)
{
	for (size_t i = 0; i < sizeof(reloaded) / sizeof(reloaded[0]); i++)
		if (strcmp(reloaded[i], name) == 0)
			return true;
	return false;
}

/* Compares, and empties both for the next comparison. */
static bool are_equal(struct wpkg_buf *before, struct wpkg_buf *after)
{
	bool equal = wpkg_str_equal(wpkg_buf_str(before), wpkg_buf_str(after));
	wpkg_buf_reset(before);
	wpkg_buf_reset(after);
	return equal;
}

const char *config_needs_restart(const struct config *old, const struct config *fresh)
{
	const char *name = NULL;
	struct wpkg_buf before, after;
	wpkg_buf_init(&before, CONFIG_MAX);
	wpkg_buf_init(&after, CONFIG_MAX);
	for (size_t row = 1; !name && row < ROWS; row++) {
		format_row(&before, old, row);
		format_row(&after, fresh, row);
		if (!are_equal(&before, &after) && !is_reloaded(config_rows[row].name))
			name = config_rows[row].name;
	}
	for (size_t i = 0; !name && i < TABLES; i++)
		if (format_table(&before, i, old, NULL) != WPKG_OK ||
		    format_table(&after, i, fresh, NULL) != WPKG_OK ||
		    (!are_equal(&before, &after) && !tables[i].is_reloaded))
			name = tables[i].name;
	wpkg_buf_clear(&before);
	wpkg_buf_clear(&after);
	return name;
}
