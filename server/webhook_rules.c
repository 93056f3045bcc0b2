/* SPDX-License-Identifier: Apache-2.0 */
#include "webhook_rules.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "crypto/hmac.h"
#include "data/fields.h"
#include "data/json.h"
#include "net/url.h"
#include "store/access.h"

#define TIMEOUT INT64_C(10)
#define TIMEOUT_MAX INT64_C(120)
#define ATTEMPTS 18
#define ATTEMPTS_MAX 1000
#define HOOKS_MAX 64
#define NAME_MAX_BYTES 64
#define BACKOFF_FIRST INT64_C(1000)  /* milliseconds */
#define BACKOFF_MAX INT64_C(3600000) /* milliseconds */

static const char *const kinds[] = {"publish", "yank", "delete", "reject"};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))
#define ALL_KINDS ((1U << KINDS) - 1)

/* Reading */

static enum wpkg_status take_text(const char **out, struct wpkg_arena *arena,
				  struct wpkg_fields *fields, const char *key, enum wpkg_need need,
				  struct wpkg_err *err)
{
	struct wpkg_str text = {0};
	enum wpkg_status status = wpkg_fields_take_string(fields, &text, key, need, err);
	if (status != WPKG_OK || !text.ptr)
		return status;
	if (text.len == 0 || memchr(text.ptr, '\0', text.len))
		return WPKG_FAIL(err, WPKG_EFORMAT, "%s is empty or has a NUL byte", key);
	*out = wpkg_arena_dup(arena, text).ptr;
	return *out ? WPKG_OK : WPKG_FAIL(err, WPKG_ENOMEM, "webhook: no memory");
}

static unsigned kind_bit(struct wpkg_str kind)
{
	for (size_t i = 0; i < KINDS; i++)
		if (wpkg_str_equal_text(kind, kinds[i]))
			return 1U << i;
	return 0;
}

static enum wpkg_status take_kinds(struct webhook_rule *rule, struct wpkg_arena *arena,
				   struct wpkg_fields *fields, struct wpkg_err *err)
{
	struct wpkg_strings events = {0};
	enum wpkg_status status = wpkg_fields_copy_strings(fields, &events, arena, "events", err);
	for (size_t i = 0; status == WPKG_OK && i < events.count; i++) {
		unsigned bit = kind_bit(events.items[i]);
		if (bit == 0)
			status = WPKG_FAIL(err, WPKG_EFORMAT,
					   "events: '%.*s' is not publish, yank, delete or reject",
					   WPKG_STR_ARG(events.items[i]));
		rule->kinds |= bit;
	}
	if (!events.items)
		rule->kinds = ALL_KINDS;
	return status;
}

static enum wpkg_status take_names(struct webhook_rule *rule, struct wpkg_arena *arena,
				   struct wpkg_fields *fields, struct wpkg_err *err)
{
	enum wpkg_status status =
		wpkg_fields_copy_strings(fields, &rule->names, arena, "names", err);
	for (size_t i = 0; status == WPKG_OK && i < rule->names.count; i++)
		status = wpkg_pattern_check(rule->names.items[i], err);
	return status;
}

/* "10s" or a number of seconds. */
static enum wpkg_status take_timeout(struct webhook_rule *rule, struct wpkg_fields *fields,
				     struct wpkg_err *err)
{
	const struct wpkg_value *value = wpkg_value_find(fields->table, "timeout");
	bool is_text = value && value->kind == WPKG_VALUE_STRING;
	enum wpkg_status status = wpkg_fields_take(fields, &value, "timeout",
						   is_text ? WPKG_VALUE_STRING : WPKG_VALUE_INTEGER,
						   WPKG_OPTIONAL, err);
	rule->timeout = TIMEOUT;
	if (status == WPKG_OK && value && is_text)
		status = wpkg_duration_parse(&rule->timeout, value->string, err);
	else if (status == WPKG_OK && value)
		rule->timeout = value->integer;
	if (status == WPKG_OK && (rule->timeout < 1 || rule->timeout > TIMEOUT_MAX))
		status = WPKG_FAIL(err, WPKG_EFORMAT, "timeout is not between 1 and %lld seconds",
				   (long long)TIMEOUT_MAX);
	return status;
}

static enum wpkg_status take_attempts(struct webhook_rule *rule, struct wpkg_fields *fields,
				      struct wpkg_err *err)
{
	int64_t attempts = ATTEMPTS;
	enum wpkg_status status =
		wpkg_fields_take_integer(fields, &attempts, "attempts", WPKG_OPTIONAL, err);
	if (status == WPKG_OK && (attempts < 1 || attempts > ATTEMPTS_MAX))
		status = WPKG_FAIL(err, WPKG_EFORMAT, "attempts is not between 1 and %d",
				   ATTEMPTS_MAX);
	rule->attempts = (uint64_t)attempts;
	return status;
}

/* A name is for command lines and logs. */
static bool is_hook_name(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-");
	return name[len] == '\0' && len > 0 && len <= NAME_MAX_BYTES;
}

static enum wpkg_status check_rule(const struct webhook_rule *rule, struct wpkg_err *err)
{
	struct wpkg_url url;
	if (!is_hook_name(rule->name))
		return WPKG_FAIL(err, WPKG_EFORMAT,
				 "name has more than %d bytes or others than a-z 0-9 . _ -",
				 NAME_MAX_BYTES);
	if (!rule->secret_file == !rule->secret_env)
		return WPKG_FAIL(err, WPKG_EFORMAT,
				 "%s: give its secret as either secret-file or secret-env",
				 rule->name);
	enum wpkg_status status = wpkg_url_parse(&url, wpkg_str_from(rule->url), err);
	if (status == WPKG_OK && !rule->allow_http && !wpkg_str_equal_text(url.scheme, "https"))
		status =
			WPKG_FAIL(err, WPKG_EFORMAT, "url is not https, and allow-http is not set");
	if (status != WPKG_OK)
		wpkg_err_prepend(err, "%s", rule->name);
	return status;
}

static enum wpkg_status take_rule(struct webhook_rule *rule, struct wpkg_arena *arena,
				  const struct wpkg_value *value, struct wpkg_err *err)
{
	struct wpkg_fields fields;
	enum wpkg_status status = wpkg_fields_open(&fields, value, "webhook", err);
	const struct {
		const char *key;
		const char **text;
		enum wpkg_need need;
	} texts[] = {{"name", &rule->name, WPKG_REQUIRED},
		     {"url", &rule->url, WPKG_REQUIRED},
		     {"secret-file", &rule->secret_file, WPKG_OPTIONAL},
		     {"secret-env", &rule->secret_env, WPKG_OPTIONAL},
		     {"ca-file", &rule->ca_file, WPKG_OPTIONAL}};
	for (size_t i = 0; status == WPKG_OK && i < sizeof(texts) / sizeof(texts[0]); i++)
		status = take_text(texts[i].text, arena, &fields, texts[i].key, texts[i].need, err);
	if (status == WPKG_OK)
		status = take_kinds(rule, arena, &fields, err);
	if (status == WPKG_OK)
		status = take_names(rule, arena, &fields, err);
	if (status == WPKG_OK)
		status = take_timeout(rule, &fields, err);
	if (status == WPKG_OK)
		status = take_attempts(rule, &fields, err);
	if (status == WPKG_OK)
		status = wpkg_fields_take_boolean(&fields, &rule->allow_private, "allow-private",
						  WPKG_OPTIONAL, err);
	if (status == WPKG_OK)
		status = wpkg_fields_take_boolean(&fields, &rule->allow_http, "allow-http",
						  WPKG_OPTIONAL, err);
	if (status == WPKG_OK)
		status = wpkg_fields_close(&fields, err);
	return status == WPKG_OK ? check_rule(rule, err) : status;
}

enum wpkg_status webhook_rules_take(struct webhook_rules *out, struct wpkg_arena *arena,
				    const struct wpkg_value *array, struct wpkg_err *err)
{
	if (array->count > HOOKS_MAX)
		return WPKG_FAIL(err, WPKG_ELIMIT, "more than %d webhooks", HOOKS_MAX);
	struct webhook_rule *items = wpkg_arena_alloc(arena, array->count + 1, sizeof(*items));
	if (!items)
		return WPKG_FAIL(err, WPKG_ENOMEM, "webhook: no memory");
	memset(items, 0, (array->count + 1) * sizeof(*items));
	for (size_t i = 0; i < array->count; i++) {
		struct wpkg_err why = {0};
		enum wpkg_status status = take_rule(&items[i], arena, &array->items[i], &why);
		for (size_t other = 0; status == WPKG_OK && other < i; other++)
			if (strcmp(items[other].name, items[i].name) == 0)
				status = WPKG_FAIL(&why, WPKG_EFORMAT, "two are called %s",
						   items[i].name);
		if (status != WPKG_OK)
			return WPKG_FAIL_AT(err, status, &array->items[i], "webhook: %s", why.msg);
	}
	*out = (struct webhook_rules){items, array->count};
	return WPKG_OK;
}

/* Writing */

static bool add_optional(struct wpkg_arena *arena, struct wpkg_value *table, const char *key,
			 const char *text)
{
	return !text || wpkg_value_add_string(arena, table, key, wpkg_str_from(text));
}

static bool add_texts(struct wpkg_arena *arena, struct wpkg_value *table, const char *key,
		      const struct wpkg_strings *texts)
{
	if (texts->count == 0)
		return true;
	struct wpkg_value *array = wpkg_value_add(arena, table, key, WPKG_VALUE_ARRAY);
	bool good = array != NULL;
	for (size_t i = 0; good && i < texts->count; i++)
		good = wpkg_value_add_string(arena, array, NULL, texts->items[i]);
	return good;
}

static bool add_kinds(struct wpkg_arena *arena, struct wpkg_value *table, unsigned bits)
{
	struct wpkg_value *array = wpkg_value_add(arena, table, "events", WPKG_VALUE_ARRAY);
	bool good = array != NULL;
	for (size_t i = 0; good && i < KINDS; i++)
		if (bits & (1U << i))
			good = wpkg_value_add_string(arena, array, NULL, wpkg_str_from(kinds[i]));
	return good;
}

bool webhook_rules_add(struct wpkg_arena *arena, struct wpkg_value *table,
		       const struct webhook_rules *rules)
{
	if (rules->count == 0)
		return true;
	struct wpkg_value *array = wpkg_value_add(arena, table, "webhook", WPKG_VALUE_ARRAY);
	bool good = array != NULL;
	for (size_t i = 0; good && i < rules->count; i++) {
		const struct webhook_rule *rule = &rules->items[i];
		struct wpkg_value *row = wpkg_value_add(arena, array, NULL, WPKG_VALUE_TABLE);
		good = row && add_optional(arena, row, "name", rule->name) &&
		       add_optional(arena, row, "url", rule->url) &&
		       add_optional(arena, row, "secret-file", rule->secret_file) &&
		       add_optional(arena, row, "secret-env", rule->secret_env) &&
		       add_optional(arena, row, "ca-file", rule->ca_file) &&
		       add_kinds(arena, row, rule->kinds) &&
		       add_texts(arena, row, "names", &rule->names) &&
		       wpkg_value_add_integer(arena, row, "timeout", rule->timeout) &&
		       wpkg_value_add_integer(arena, row, "attempts", (int64_t)rule->attempts) &&
		       wpkg_value_add_boolean(arena, row, "allow-private", rule->allow_private) &&
		       wpkg_value_add_boolean(arena, row, "allow-http", rule->allow_http);
	}
	return good;
}

/* Deliveries */

static bool is_import(const struct wpkg_event *event)
{
	return wpkg_str_equal_text(event->kind, "import");
}

struct wpkg_str webhook_kind(const struct wpkg_event *event)
{
	static const struct {
		const char *state, *kind;
	} told[] = {{"published", "publish"}, {"yanked", "yank"}, {"rejected", "reject"}};
	if (!is_import(event))
		return event->kind;
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		if (wpkg_str_equal_text(event->detail, told[i].state))
			return wpkg_str_from(told[i].kind);
	return (struct wpkg_str)WPKG_STR("");
}

bool webhook_rule_wants(const struct webhook_rule *rule, const struct wpkg_event *event)
{
	if (!(rule->kinds & kind_bit(webhook_kind(event))))
		return false;
	for (size_t i = 0; i < rule->names.count; i++)
		if (wpkg_pattern_covers(rule->names.items[i], event->name))
			return true;
	return rule->names.count == 0;
}

static void append_member(struct wpkg_buf *out, const char *key, struct wpkg_str text)
{
	wpkg_buf_append_format(out, ",\"%s\":", key);
	wpkg_json_write_string(out, text);
}

void webhook_append_body(struct wpkg_buf *out, const char *delivery, const struct wpkg_event *event)
{
	char at[WPKG_CLOCK_TEXT];
	char hex[WPKG_DIGEST_TEXT];
	wpkg_clock_format(at, event->at);
	wpkg_buf_append_format(out, "{\"delivery\":\"%s\",\"id\":%lld,\"at\":\"%s\"", delivery,
			       (long long)event->id, at);
	append_member(out, "event", webhook_kind(event));
	append_member(out, "name", event->name);
	append_member(out, "version", event->version);
	append_member(out, "actor", event->actor);
	append_member(out, "detail", is_import(event) ? WPKG_LIT("") : event->detail);
	if (is_import(event))
		wpkg_buf_append_text(out, ",\"imported\":true");
	if (event->request.len > 0)
		append_member(out, "request", event->request);
	if (event->manifest) {
		wpkg_digest_format(hex, event->manifest);
		wpkg_buf_append_format(out, ",\"digest\":\"sha256:%s\"", hex);
	}
	wpkg_buf_append_text(out, "}\n");
}

void webhook_sign(char out[WEBHOOK_SIGNATURE], struct wpkg_str secret, int64_t seconds,
		  struct wpkg_str body)
{
	char time[32];
	char hex[WPKG_DIGEST_TEXT];
	struct wpkg_digest digest;
	snprintf(time, sizeof(time), "%lld.", (long long)seconds);
	const struct wpkg_str parts[] = {wpkg_str_from(time), body};
	wpkg_hmac(&digest, secret, parts, 2);
	wpkg_digest_format(hex, &digest);
	snprintf(out, WEBHOOK_SIGNATURE, "t=%lld,v1=%s", (long long)seconds, hex);
}

int64_t webhook_backoff(unsigned failures, uint32_t chance)
{
	int64_t whole = BACKOFF_FIRST;
	while (failures-- > 1 && whole < BACKOFF_MAX)
		whole *= 2;
	if (whole > BACKOFF_MAX)
		whole = BACKOFF_MAX;
	return whole / 2 + (int64_t)(chance % (uint32_t)(whole / 2 + 1));
}
