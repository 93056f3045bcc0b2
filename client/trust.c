/* SPDX-License-Identifier: Apache-2.0 */
#include "trust.h"

#include <fcntl.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/file.h"
#include "report.h"

static const char *keyring_path(struct session *session)
{
	return session->config.keyring.len > 0 ? session->config.keyring.ptr
					       : session_path(session, "keyring.toml");
}

enum wpkg_status trust_load(struct wpkg_keyring *out, struct session *session, struct wpkg_err *err)
{
	struct wpkg_buf text;
	struct wpkg_err why = {0};
	const char *path = keyring_path(session);
	if (!path)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for the keyring");
	wpkg_buf_init(&text, WPKG_KEYRING_MAX);
	enum wpkg_status status = wpkg_file_read(&text, AT_FDCWD, path, &why);
	if (status == WPKG_ENOTFOUND) {
		*out = (struct wpkg_keyring){0};
		status = WPKG_OK;
	} else if (status == WPKG_OK) {
		status = wpkg_keyring_read(out, &session->arena, wpkg_buf_str(&text), &why);
		if (status != WPKG_OK)
			wpkg_err_prepend(&why, "%s", path);
	}
	if (status != WPKG_OK && err)
		*err = why;
	wpkg_buf_clear(&text);
	return status;
}

enum wpkg_status trust_save(struct session *session, const struct wpkg_keyring *keyring,
			    struct wpkg_err *err)
{
	struct wpkg_buf text;
	const char *path = keyring_path(session);
	if (!path)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for the keyring");
	wpkg_buf_init(&text, WPKG_KEYRING_MAX);
	enum wpkg_status status = wpkg_keyring_write(&text, keyring, err);
	if (status == WPKG_OK)
		status = wpkg_file_write(AT_FDCWD, path, wpkg_buf_str(&text), 0600,
					 WPKG_FILE_DURABLE, err);
	wpkg_buf_clear(&text);
	return status;
}

struct wpkg_verification trust_verification(const struct session *session,
					    const struct wpkg_keyring *keyring)
{
	return (struct wpkg_verification){
		.strategy = session->config.strategy,
		.keyring = keyring,
		.honour_roles = session->config.honour_roles,
		.now = wpkg_clock_now(),
	};
}

/*
 * The error names the step that a newcomer lacks: a registry's key that was never fetched, or an
 * author's that was never added.
 */
static void add_hint(struct wpkg_err *err, const struct wpkg_invoice *invoice,
		     const struct wpkg_verification *verification)
{
	struct wpkg_err said = *err;
	if (invoice->signature_count == 0)
		wpkg_err_set(err, WPKG_EDENIED,
			     "%s ('pull --unsigned', or 'allow-unsigned = true' in the "
			     "configuration, takes it all the same)",
			     said.msg);
	for (size_t i = 0; i < invoice->signature_count; i++) {
		const struct wpkg_signature *signature = &invoice->signatures[i];
		if (wpkg_signature_judge(invoice, signature, verification) !=
		    WPKG_SIGNATURE_UNKNOWN_KEY)
			continue;
		if (signature->role == WPKG_ROLE_HOST)
			wpkg_err_set(err, WPKG_EDENIED,
				     "%s (is it the registry's key? see 'wpkg key fetch')",
				     said.msg);
		else
			wpkg_err_set(err, WPKG_EDENIED,
				     "%s (do you trust %.*s? see 'wpkg key add')", said.msg,
				     WPKG_STR_ARG(signature->by));
		return;
	}
}

enum wpkg_status trust_check(struct session *session, const struct wpkg_invoice *invoice,
			     struct wpkg_err *err)
{
	struct wpkg_keyring keyring;
	struct wpkg_err why = {0};
	enum wpkg_status status = trust_load(&keyring, session, err);
	if (status != WPKG_OK)
		return status;
	struct wpkg_verification verification = trust_verification(session, &keyring);
	status = wpkg_invoice_verify(invoice, &verification, &why);
	bool is_unsigned = !invoice->has_signatures || invoice->signature_count == 0;
	if (status == WPKG_OK ||
	    (status == WPKG_EDENIED && is_unsigned && session->config.allow_unsigned))
		return WPKG_OK;
	if (status == WPKG_EDENIED)
		add_hint(&why, invoice, &verification);
	wpkg_err_prepend(&why, "%.*s/%.*s is not trusted", WPKG_STR_ARG(invoice->name),
			 WPKG_STR_ARG(invoice->version));
	if (err)
		*err = why;
	return status;
}

void trust_report(struct session *session, const struct wpkg_invoice *invoice,
		  const struct wpkg_verification *verification)
{
	for (size_t i = 0; i < invoice->signature_count; i++) {
		const struct wpkg_signature *signature = &invoice->signatures[i];
		char at[WPKG_CLOCK_TEXT];
		wpkg_clock_format(at, (int64_t)signature->at);
		report_line(session->global, "signed      %.*s as %s, key %.*s, at %s: %s",
			    WPKG_STR_ARG(signature->by), wpkg_role_name(signature->role),
			    WPKG_STR_ARG(signature->key), at,
			    wpkg_signature_verdict_text(
				    wpkg_signature_judge(invoice, signature, verification)));
	}
	if (invoice->signature_count == 0)
		report_line(session->global, "signed      by nobody");
}

const char *trust_signers(struct wpkg_arena *arena, const struct wpkg_invoice *invoice)
{
	struct wpkg_buf text;
	wpkg_buf_init(&text, (size_t)64 * 1024);
	for (size_t i = 0; i < invoice->signature_count; i++)
		wpkg_buf_append_format(&text, "%s%.*s as %s", i > 0 ? ", " : "",
				       WPKG_STR_ARG(invoice->signatures[i].by),
				       wpkg_role_name(invoice->signatures[i].role));
	struct wpkg_str copy = wpkg_arena_dup(arena, wpkg_buf_str(&text));
	wpkg_buf_clear(&text);
	return copy.len > 0 ? copy.ptr : "by nobody";
}

bool trust_add_json(struct session *session, struct wpkg_value *document,
		    const struct wpkg_invoice *invoice,
		    const struct wpkg_verification *verification)
{
	struct wpkg_arena *arena = &session->arena;
	struct wpkg_value *list = wpkg_value_add(arena, document, "signatures", WPKG_VALUE_ARRAY);
	bool good = list != NULL;
	for (size_t i = 0; good && i < invoice->signature_count; i++) {
		const struct wpkg_signature *signature = &invoice->signatures[i];
		enum wpkg_signature_verdict verdict =
			wpkg_signature_judge(invoice, signature, verification);
		struct wpkg_value *row = wpkg_value_add(arena, list, NULL, WPKG_VALUE_TABLE);
		good = wpkg_value_add_string(arena, row, "by", signature->by) &&
		       wpkg_value_add_string(arena, row, "role",
					     wpkg_str_from(wpkg_role_name(signature->role))) &&
		       wpkg_value_add_string(arena, row, "key", signature->key) &&
		       wpkg_value_add_integer(arena, row, "at", (int64_t)signature->at) &&
		       wpkg_value_add_boolean(arena, row, "trusted",
					      verdict == WPKG_SIGNATURE_TRUSTED) &&
		       wpkg_value_add_string(arena, row, "verdict",
					     wpkg_str_from(wpkg_signature_verdict_text(verdict)));
	}
	return good;
}

const char *trust_key_text(struct wpkg_arena *arena, const struct wpkg_public_key *key)
{
	struct wpkg_buf text;
	wpkg_buf_init(&text, 256);
	wpkg_base64_append(&text, key->bytes, sizeof(key->bytes));
	struct wpkg_str copy = wpkg_arena_dup(arena, wpkg_buf_str(&text));
	wpkg_buf_clear(&text);
	return copy.ptr ? copy.ptr : "";
}

void trust_report_keys(struct session *session, const char *what, const struct wpkg_keyring *keys)
{
	for (size_t i = 0; i < keys->count; i++) {
		const struct wpkg_keyring_entry *entry = &keys->entries[i];
		report_line(session->global, "%s %s  %.*s  (%s)", what,
			    trust_key_text(&session->arena, &entry->key),
			    WPKG_STR_ARG(entry->label),
			    trust_roles_text(&session->arena, entry->roles));
	}
}

bool trust_add_key_json(struct wpkg_arena *arena, struct wpkg_value *table, struct wpkg_str label,
			const struct wpkg_public_key *key, unsigned roles)
{
	return wpkg_value_add_string(arena, table, "label", label) &&
	       wpkg_value_add_string(arena, table, "key",
				     wpkg_str_from(trust_key_text(arena, key))) &&
	       wpkg_value_add_string(arena, table, "roles",
				     wpkg_str_from(trust_roles_text(arena, roles)));
}

int trust_report_keys_json(struct session *session, const char *what,
			   const struct wpkg_keyring *keys)
{
	struct wpkg_arena *arena = &session->arena;
	struct wpkg_value *document = wpkg_value_new_table(arena);
	struct wpkg_value *list = wpkg_value_add(arena, document, what, WPKG_VALUE_ARRAY);
	bool good = list != NULL;
	if (!session->global->json)
		return WPKG_EXIT_DONE;
	for (size_t i = 0; good && i < keys->count; i++) {
		const struct wpkg_keyring_entry *entry = &keys->entries[i];
		struct wpkg_value *row = wpkg_value_add(arena, list, NULL, WPKG_VALUE_TABLE);
		good = trust_add_key_json(arena, row, entry->label, &entry->key, entry->roles);
	}
	return report_json(good ? document : NULL);
}

const char *trust_roles_text(struct wpkg_arena *arena, unsigned roles)
{
	struct wpkg_buf text;
	wpkg_buf_init(&text, 256);
	for (unsigned role = 0; role < WPKG_ROLE_COUNT; role++)
		if (roles & (1U << role))
			wpkg_buf_append_format(&text, "%s%s", text.len > 0 ? ", " : "",
					       wpkg_role_name((enum wpkg_role)role));
	struct wpkg_str copy = wpkg_arena_dup(arena, wpkg_buf_str(&text));
	wpkg_buf_clear(&text);
	return copy.ptr ? copy.ptr : "";
}

enum wpkg_status trust_roles_parse(unsigned *out, struct wpkg_str text, struct wpkg_err *err)
{
	unsigned roles = 0;
	struct wpkg_str part;
	while (wpkg_str_split(&text, ',', &part)) {
		enum wpkg_role role;
		if (!wpkg_role_parse_loose(&role, part))
			return WPKG_FAIL(err, WPKG_EINVAL,
					 "'%.*s' is no role: creator, approver, host or proxy",
					 WPKG_STR_ARG(part));
		roles |= 1U << role;
	}
	if (roles == 0)
		return WPKG_FAIL(err, WPKG_EINVAL, "no role is named");
	*out = roles;
	return WPKG_OK;
}
