/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of others: added, fetched from a registry, revoked. */
#include "commands.h"

#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/file.h"
#include "report.h"
#include "secret.h"
#include "trust.h"

/* key add */

struct add_options {
	const char *label;
	const char *role;
	const char *key;
	const char *until;
};

static const struct wpkg_option add_rows[] = {
	{"key", 0, WPKG_OPTION_TEXT, "BASE64", "this public key instead of a file's", NULL,
	 offsetof(struct add_options, key)},
	{"label", 0, WPKG_OPTION_TEXT, "LABEL", "whose key it is", NULL,
	 offsetof(struct add_options, label)},
	{"role", 0, WPKG_OPTION_TEXT, "ROLES", "trust it only in these roles (creator)", NULL,
	 offsetof(struct add_options, role)},
	{"until", 0, WPKG_OPTION_TEXT, "DATE", "trust it no longer than this", NULL,
	 offsetof(struct add_options, until)},
	{0}};

static enum wpkg_status given_key(struct wpkg_keyring *out, struct session *session,
				  const struct add_options *options, struct wpkg_err *err)
{
	size_t len = 0;
	struct wpkg_keyring_entry entry = {.label = wpkg_str_from(options->label),
					   .roles = 1U << WPKG_ROLE_CREATOR,
					   .valid_from = INT64_MIN,
					   .valid_until = INT64_MAX};
	if (entry.label.len == 0)
		return WPKG_FAIL(err, WPKG_EINVAL, "--key needs --label");
	if (!wpkg_base64_parse(entry.key.bytes, sizeof(entry.key.bytes), &len,
			       wpkg_str_from(options->key)) ||
	    len != sizeof(entry.key.bytes))
		return WPKG_FAIL(err, WPKG_EINVAL, "'%s' is not the base64 of 32 bytes",
				 options->key);
	return wpkg_keyring_add(out, &session->arena, &entry, err);
}

static enum wpkg_status read_keys(struct wpkg_keyring *out, struct session *session,
				  const char *path, struct wpkg_err *err)
{
	struct wpkg_buf text;
	wpkg_buf_init(&text, WPKG_KEYRING_MAX);
	enum wpkg_status status =
		strcmp(path, "-") == 0
			? wpkg_file_read_fd(&text, STDIN_FILENO, "standard input", err)
			: wpkg_file_read(&text, AT_FDCWD, path, err);
	if (status == WPKG_OK) {
		status = wpkg_keyring_read(out, &session->arena, wpkg_buf_str(&text), err);
		if (status != WPKG_OK)
			wpkg_err_prepend(err, "%s", path);
	}
	wpkg_buf_clear(&text);
	return status;
}

/* Narrows what was read by --role and --until. */
static enum wpkg_status narrow(struct wpkg_keyring *keys, const struct add_options *options,
			       struct wpkg_err *err)
{
	unsigned roles = 0;
	int64_t until = INT64_MAX;
	enum wpkg_status status = WPKG_OK;
	if (options->role)
		status = trust_roles_parse(&roles, wpkg_str_from(options->role), err);
	if (status == WPKG_OK && options->until)
		status = wpkg_clock_parse(&until, wpkg_str_from(options->until), err);
	for (size_t i = 0; status == WPKG_OK && i < keys->count; i++) {
		if (roles)
			keys->entries[i].roles = roles;
		if (until < keys->entries[i].valid_until)
			keys->entries[i].valid_until = until;
	}
	return status;
}

/* Adds all of fresh to the user's keyring. */
static enum wpkg_status trust_keys(struct session *session, const struct wpkg_keyring *fresh,
				   struct wpkg_err *err)
{
	struct wpkg_keyring keyring;
	enum wpkg_status status = session_begin_change(session, err);
	if (status == WPKG_OK)
		status = trust_load(&keyring, session, err);
	for (size_t i = 0; status == WPKG_OK && i < fresh->count; i++)
		status = wpkg_keyring_add(&keyring, &session->arena, &fresh->entries[i], err);
	return status == WPKG_OK ? trust_save(session, &keyring, err) : status;
}

static enum wpkg_status add(struct wpkg_keyring *fresh, struct session *session,
			    const struct wpkg_invocation *invocation, struct wpkg_err *err)
{
	const struct add_options *options = invocation->options;
	enum wpkg_status status;
	if (options->key)
		status = given_key(fresh, session, options, err);
	else
		status = read_keys(fresh, session, invocation->operands[0], err);
	if (status == WPKG_OK)
		status = narrow(fresh, options, err);
	return status == WPKG_OK ? trust_keys(session, fresh, err) : status;
}

/* What became of some keys, or why nothing did. */
static int report_done(struct session *session, enum wpkg_status status, const struct wpkg_err *err,
		       const char *what, const struct wpkg_keyring *keys)
{
	if (status != WPKG_OK)
		return report_error(err);
	trust_report_keys(session, what, keys);
	return trust_report_keys_json(session, what, keys);
}

static int run_add(const struct wpkg_invocation *invocation)
{
	struct session session;
	struct wpkg_err err = {0};
	struct wpkg_keyring fresh = {0};
	const struct add_options *options = invocation->options;
	if ((options->key != NULL) == (invocation->operand_count > 0))
		return report_usage("key add: give either FILE or --key");
	enum wpkg_status status = session_open(&session, invocation, &err);
	if (status == WPKG_OK)
		status = add(&fresh, &session, invocation, &err);
	int code = report_done(&session, status, &err, "trusted", &fresh);
	session_close(&session);
	return code;
}

const struct wpkg_command cmd_key_add = {
	.name = "key add",
	.operands = "[FILE]",
	.summary = "trust public keys of others",
	.description = "FILE is a keyring, as 'wpkg key export' prints it, or '-' for standard "
		       "input. Make sure by another way that it comes from whom it names.",
	.example = "wpkg key add jo.toml\n"
		   "wpkg key add --label 'Jo' --key BASE64 --role creator --until 2027-01-01",
	.options = add_rows,
	.options_size = sizeof(struct add_options),
	.most_operands = 1,
	.run = run_add,
};

/* key fetch */

struct fetch_options {
	bool yes;
};

static const struct wpkg_option fetch_rows[] = {{"yes", 'y', WPKG_OPTION_FLAG, NULL,
						 "trust them without asking", NULL,
						 offsetof(struct fetch_options, yes)},
						{0}};

static enum wpkg_status confirm(bool *agreed, struct session *session, struct wpkg_err *err)
{
	struct wpkg_buf answer;
	struct wpkg_buf question;
	wpkg_buf_init(&answer, 256);
	wpkg_buf_init(&question, 1024);
	wpkg_buf_append_format(&question, "trust %s to say what it accepted? [y/N]",
			       wpkg_buf_text(&session->url));
	enum wpkg_status status = secret_ask(&answer, wpkg_buf_text(&question), true, err);
	if (status == WPKG_OK)
		*agreed = wpkg_str_equal_nocase(wpkg_buf_str(&answer), WPKG_LIT("y")) ||
			  wpkg_str_equal_nocase(wpkg_buf_str(&answer), WPKG_LIT("yes"));
	else
		wpkg_err_prepend(err, "--yes is not given");
	wpkg_buf_clear(&question);
	wpkg_buf_clear(&answer);
	return status;
}

/* Those that the keyring does not trust as hosts yet, in that role alone whatever the server says.
 */
static enum wpkg_status new_hosts(struct wpkg_keyring *out, struct session *session,
				  const struct wpkg_keyring *keyring, struct wpkg_err *err)
{
	struct wpkg_keyring fetched = {0};
	enum wpkg_status status =
		wpkg_registry_get_keys(&fetched, &session->arena, session->registry, err);
	for (size_t i = 0; status == WPKG_OK && i < fetched.count; i++) {
		struct wpkg_keyring_entry *entry = &fetched.entries[i];
		const struct wpkg_keyring_entry *known = wpkg_keyring_find(keyring, &entry->key);
		entry->roles = 1U << WPKG_ROLE_HOST;
		if (known && (known->revoked || (known->roles & entry->roles)))
			continue;
		status = wpkg_keyring_add(out, &session->arena, entry, err);
	}
	if (status == WPKG_OK && fetched.count == 0)
		status = WPKG_FAIL(err, WPKG_ENOTFOUND, "the registry has no key");
	return status;
}

/* Trusts what is new, after a question unless yes. */
static enum wpkg_status fetch(struct wpkg_keyring *fresh, struct session *session, bool yes,
			      struct wpkg_err *err)
{
	struct wpkg_keyring keyring;
	bool agreed = yes;
	enum wpkg_status status = session_connect(session, err);
	if (status == WPKG_OK)
		status = trust_load(&keyring, session, err);
	if (status == WPKG_OK)
		status = new_hosts(fresh, session, &keyring, err);
	if (status != WPKG_OK || fresh->count == 0)
		return status;
	if (!yes) {
		trust_report_keys(session, "fetched", fresh);
		status = confirm(&agreed, session, err);
	}
	if (status == WPKG_OK && !agreed)
		status = WPKG_FAIL(err, WPKG_EINVAL, "not trusted");
	return status == WPKG_OK ? trust_keys(session, fresh, err) : status;
}

static int run_fetch(const struct wpkg_invocation *invocation)
{
	struct session session;
	struct wpkg_err err = {0};
	struct wpkg_keyring fresh = {0};
	const struct fetch_options *options = invocation->options;
	enum wpkg_status status = session_open(&session, invocation, &err);
	if (status == WPKG_OK)
		status = fetch(&fresh, &session, options->yes, &err);
	if (status == WPKG_OK && fresh.count == 0)
		report_line(session.global, "you trust the key of %s already",
			    wpkg_buf_text(&session.url));
	int code = report_done(&session, status, &err, "trusted", &fresh);
	session_close(&session);
	return code;
}

const struct wpkg_command cmd_key_fetch = {
	.name = "key fetch",
	.operands = "",
	.summary = "trust the key that a registry signs with",
	.description =
		"Asks the registry for its keys, shows them and adds them to your keyring in the "
		"role of a host. The first time nothing but the connection proves whose they are: "
		"compare them with what the registry's operator publishes.",
	.example = "wpkg key fetch --registry https://packages.example.org",
	.options = fetch_rows,
	.options_size = sizeof(struct fetch_options),
	.run = run_fetch,
};

/* key revoke */

static bool is_meant(const struct wpkg_keyring_entry *entry, const char *text)
{
	struct wpkg_public_key key;
	size_t len = 0;
	if (wpkg_str_equal_text(entry->label, text))
		return true;
	return wpkg_base64_parse(key.bytes, sizeof(key.bytes), &len, wpkg_str_from(text)) &&
	       len == sizeof(key.bytes) && wpkg_public_key_equal(&key, &entry->key);
}

static enum wpkg_status revoke_keys(struct wpkg_keyring *revoked, struct session *session,
				    const char *text, struct wpkg_err *err)
{
	struct wpkg_keyring keyring;
	enum wpkg_status status = session_begin_change(session, err);
	if (status == WPKG_OK)
		status = trust_load(&keyring, session, err);
	if (status != WPKG_OK)
		return status;
	for (size_t i = 0; status == WPKG_OK && i < keyring.count; i++) {
		struct wpkg_keyring_entry *entry = &keyring.entries[i];
		if (!is_meant(entry, text))
			continue;
		if (!entry->revoked)
			entry->revoked_at = wpkg_clock_now();
		entry->revoked = true;
		status = wpkg_keyring_add(revoked, &session->arena, entry, err);
	}
	if (status == WPKG_OK && revoked->count == 0)
		status = WPKG_FAIL(err, WPKG_ENOTFOUND, "no trusted key is '%s'", text);
	return status == WPKG_OK ? trust_save(session, &keyring, err) : status;
}

static int run_revoke(const struct wpkg_invocation *invocation)
{
	struct session session;
	struct wpkg_err err = {0};
	struct wpkg_keyring revoked = {0};
	enum wpkg_status status = session_open(&session, invocation, &err);
	if (status == WPKG_OK)
		status = revoke_keys(&revoked, &session, invocation->operands[0], &err);
	int code = report_done(&session, status, &err, "revoked", &revoked);
	session_close(&session);
	return code;
}

const struct wpkg_command cmd_key_revoke = {
	.name = "key revoke",
	.operands = "LABEL|KEY",
	.summary = "trust a key no more, whatever it signed and will sign",
	.description = "The key stays in your keyring with a mark, so that adding it again does "
		       "not bring the trust back. Tell others who trust it.",
	.example = "wpkg key revoke 'Jo Example <jo@example.com>'",
	.least_operands = 1,
	.most_operands = 1,
	.run = run_revoke,
};
