/* SPDX-License-Identifier: Apache-2.0 */
/* The user's own keys: made, listed, exported, imported. */
#include "commands.h"

#include <stddef.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "report.h"
#include "secret.h"
#include "signer.h"
#include "trust.h"

/* key create */

struct create_options {
	const char *role;
	bool ask;
	const char *passphrase_fd;
	const char *passphrase_file;
};

static const struct wpkg_option create_rows[] = {
	{"role", 0, WPKG_OPTION_TEXT, "ROLES", "what it signs as (creator); several with commas",
	 NULL, offsetof(struct create_options, role)},
	{"passphrase", 'p', WPKG_OPTION_FLAG, NULL, "ask for a passphrase to seal the key with",
	 NULL, offsetof(struct create_options, ask)},
	{"passphrase-fd", 0, WPKG_OPTION_TEXT, "N", "read the passphrase from a descriptor", NULL,
	 offsetof(struct create_options, passphrase_fd)},
	{"passphrase-file", 0, WPKG_OPTION_TEXT, "FILE", "read the passphrase from a file",
	 "WPKG_PASSPHRASE_FILE", offsetof(struct create_options, passphrase_file)},
	{0}};

/* Whoever makes a key trusts it: made is its public side. */
static enum wpkg_status trust_own(struct wpkg_keyring *made, struct session *session,
				  const struct wpkg_secret_entry *entry, struct wpkg_err *err)
{
	struct wpkg_keyring keyring;
	struct wpkg_keyring_entry public;
	enum wpkg_status status = trust_load(&keyring, session, err);
	if (status == WPKG_OK)
		status = wpkg_secret_entry_public(&public, &session->arena, entry, err);
	if (status == WPKG_OK)
		status = wpkg_keyring_add(&keyring, &session->arena, &public, err);
	if (status == WPKG_OK)
		status = wpkg_keyring_add(made, &session->arena, &public, err);
	return status == WPKG_OK ? trust_save(session, &keyring, err) : status;
}

static enum wpkg_status create(struct wpkg_keyring *made, struct session *session,
			       const struct create_options *options, const char *label,
			       struct wpkg_err *err)
{
	struct wpkg_secret_keys keys = {0};
	struct wpkg_buf passphrase;
	struct wpkg_str seal = {0};
	unsigned roles = 1U << WPKG_ROLE_CREATOR;
	struct secret_source source = {.fd = options->passphrase_fd,
				       .file = options->passphrase_file,
				       .prompt = "passphrase for the new key",
				       .twice = true};
	wpkg_buf_init(&passphrase, SECRET_MAX);
	enum wpkg_status status = WPKG_OK;
	if (options->role)
		status = trust_roles_parse(&roles, wpkg_str_from(options->role), err);
	if (status == WPKG_OK && (options->ask || source.fd || source.file)) {
		status = secret_read(&passphrase, &source, err);
		if (status == WPKG_OK && passphrase.len == 0)
			status = WPKG_FAIL(err, WPKG_EINVAL, "the passphrase is empty");
		seal = wpkg_buf_str(&passphrase);
	}
	if (status == WPKG_OK)
		status = session_begin_change(session, err);
	if (status == WPKG_OK)
		status = signer_load_own(&keys, session, err);
	if (status == WPKG_OK)
		status = wpkg_secret_keys_create(&keys, wpkg_str_from(label), roles, seal, err);
	if (status != WPKG_OK)
		goto out;
	struct wpkg_secret_entry *entry = &keys.entries[keys.count - 1];
	if (entry->sealed)
		status = wpkg_secret_entry_open(entry, seal, err);
	if (status == WPKG_OK)
		status = signer_save_own(session, &keys, err);
	if (status == WPKG_OK)
		status = trust_own(made, session, entry, err);
	if (status == WPKG_OK)
		report_line(session->global, "made key %s for '%s' (%s), %s",
			    trust_key_text(&session->arena, &entry->public_key), label,
			    trust_roles_text(&session->arena, roles),
			    seal.ptr ? "sealed with the passphrase" : "without a passphrase");
out:
	wpkg_secret_keys_clear(&keys);
	wpkg_buf_wipe(&passphrase);
	return status;
}

static int run_create(const struct wpkg_invocation *invocation)
{
	struct session session;
	struct wpkg_err err = {0};
	struct wpkg_keyring made = {0};
	enum wpkg_status status = session_open(&session, invocation, &err);
	if (status == WPKG_OK)
		status =
			create(&made, &session, invocation->options, invocation->operands[0], &err);
	int code = status == WPKG_OK ? trust_report_keys_json(&session, "made", &made)
				     : report_error(&err);
	session_close(&session);
	return code;
}

const struct wpkg_command cmd_key_create = {
	.name = "key create",
	.operands = "LABEL",
	.summary = "make a key to sign packages with",
	.description =
		"The secret key goes to secret_keys.toml in the configuration folder, which only "
		"you may read; the public one is added to your keyring. LABEL is what others see, "
		"usually a name and an address.",
	.example = "wpkg key create 'Jo Example <jo@example.com>' --passphrase",
	.options = create_rows,
	.options_size = sizeof(struct create_options),
	.least_operands = 1,
	.most_operands = 1,
	.run = run_create,
};

/* key list */

static void list_own(struct session *session, const struct wpkg_secret_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++) {
		const struct wpkg_secret_entry *entry = &keys->entries[i];
		report_line(session->global, "secret  %s  %s  (%s)%s",
			    trust_key_text(&session->arena, &entry->public_key), entry->label,
			    trust_roles_text(&session->arena, entry->roles),
			    entry->sealed ? ", sealed" : "");
	}
}

/* ", revoked", ", expired" or ", not valid yet", or nothing. */
static const char *state_of(const struct wpkg_keyring_entry *entry, int64_t now)
{
	if (entry->revoked)
		return ", revoked";
	if (now > entry->valid_until)
		return ", expired";
	return now < entry->valid_from ? ", not valid yet" : "";
}

static void list_trusted(struct session *session, const struct wpkg_keyring *keyring)
{
	for (size_t i = 0; i < keyring->count; i++) {
		const struct wpkg_keyring_entry *entry = &keyring->entries[i];
		report_line(session->global, "trusted %s  %.*s  (%s)%s",
			    trust_key_text(&session->arena, &entry->key),
			    WPKG_STR_ARG(entry->label),
			    trust_roles_text(&session->arena, entry->roles),
			    state_of(entry, wpkg_clock_now()));
	}
	if (keyring->count == 0)
		report_note(session->global, "no key is trusted yet");
}

static int list_json(struct session *session, const struct wpkg_secret_keys *keys,
		     const struct wpkg_keyring *keyring)
{
	struct wpkg_arena *arena = &session->arena;
	struct wpkg_value *document = wpkg_value_new_table(arena);
	struct wpkg_value *list = wpkg_value_add(arena, document, "secret", WPKG_VALUE_ARRAY);
	bool good = list != NULL;
	for (size_t i = 0; good && i < keys->count; i++) {
		const struct wpkg_secret_entry *entry = &keys->entries[i];
		struct wpkg_value *row = wpkg_value_add(arena, list, NULL, WPKG_VALUE_TABLE);
		good = trust_add_key_json(arena, row, wpkg_str_from(entry->label),
					  &entry->public_key, entry->roles) &&
		       wpkg_value_add_boolean(arena, row, "sealed", entry->sealed);
	}
	list = wpkg_value_add(arena, document, "trusted", WPKG_VALUE_ARRAY);
	good = good && list;
	for (size_t i = 0; good && i < keyring->count; i++) {
		const struct wpkg_keyring_entry *entry = &keyring->entries[i];
		struct wpkg_value *row = wpkg_value_add(arena, list, NULL, WPKG_VALUE_TABLE);
		good = trust_add_key_json(arena, row, entry->label, &entry->key, entry->roles) &&
		       wpkg_value_add_boolean(arena, row, "usable",
					      state_of(entry, wpkg_clock_now())[0] == '\0');
	}
	return report_json(good ? document : NULL);
}

static int run_list(const struct wpkg_invocation *invocation)
{
	struct session session;
	struct wpkg_err err = {0};
	struct wpkg_secret_keys keys = {0};
	struct wpkg_keyring keyring = {0};
	int code = WPKG_EXIT_DONE;
	enum wpkg_status status = session_open(&session, invocation, &err);
	if (status == WPKG_OK)
		status = signer_load_own(&keys, &session, &err);
	if (status == WPKG_OK)
		status = trust_load(&keyring, &session, &err);
	if (status != WPKG_OK) {
		code = report_error(&err);
	} else if (session.global->json) {
		code = list_json(&session, &keys, &keyring);
	} else {
		list_own(&session, &keys);
		list_trusted(&session, &keyring);
	}
	wpkg_secret_keys_clear(&keys);
	session_close(&session);
	return code;
}

const struct wpkg_command cmd_key_list = {
	.name = "key list",
	.operands = "",
	.summary = "list your secret keys and the keys that you trust",
	.example = "wpkg key list",
	.run = run_list,
};

/* key export */

struct export_options {
	const char *label;
};

static const struct wpkg_option export_rows[] = {{"label", 0, WPKG_OPTION_TEXT, "LABEL",
						  "only the key of this label", NULL,
						  offsetof(struct export_options, label)},
						 {0}};

/*
 * A sealed key's label signature cannot be made without the passphrase: the keyring has the public
 * side from when the key was made.
 */
static enum wpkg_status public_side(struct wpkg_keyring_entry *out, struct session *session,
				    const struct wpkg_keyring *keyring,
				    const struct wpkg_secret_entry *entry, struct wpkg_err *err)
{
	const struct wpkg_keyring_entry *known = wpkg_keyring_find(keyring, &entry->public_key);
	if (!entry->sealed)
		return wpkg_secret_entry_public(out, &session->arena, entry, err);
	*out = (struct wpkg_keyring_entry){.label = wpkg_str_from(entry->label),
					   .roles = entry->roles,
					   .key = entry->public_key,
					   .valid_from = INT64_MIN,
					   .valid_until = INT64_MAX};
	if (known && wpkg_str_equal(known->label, out->label))
		out->label_signature = known->label_signature;
	return WPKG_OK;
}

static enum wpkg_status export_keys(struct session *session, const char *label,
				    struct wpkg_err *err)
{
	struct wpkg_secret_keys keys = {0};
	struct wpkg_keyring mine = {0};
	struct wpkg_keyring known;
	struct wpkg_buf text;
	wpkg_buf_init(&text, WPKG_KEYRING_MAX);
	enum wpkg_status status = signer_load_own(&keys, session, err);
	if (status == WPKG_OK)
		status = trust_load(&known, session, err);
	for (size_t i = 0; status == WPKG_OK && i < keys.count; i++) {
		struct wpkg_keyring_entry entry;
		if (label && strcmp(keys.entries[i].label, label) != 0)
			continue;
		status = public_side(&entry, session, &known, &keys.entries[i], err);
		if (status == WPKG_OK)
			status = wpkg_keyring_add(&mine, &session->arena, &entry, err);
	}
	if (status == WPKG_OK && mine.count == 0)
		status = WPKG_FAIL(err, WPKG_ENOTFOUND, "there is no such key of yours");
	if (status == WPKG_OK)
		status = wpkg_keyring_write(&text, &mine, err);
	if (status == WPKG_OK)
		fwrite(wpkg_buf_text(&text), 1, text.len, stdout);
	wpkg_secret_keys_clear(&keys);
	wpkg_buf_clear(&text);
	return status;
}

static int run_export(const struct wpkg_invocation *invocation)
{
	struct session session;
	struct wpkg_err err = {0};
	const struct export_options *options = invocation->options;
	enum wpkg_status status = session_open(&session, invocation, &err);
	if (status == WPKG_OK)
		status = export_keys(&session, options->label, &err);
	session_close(&session);
	return status == WPKG_OK ? WPKG_EXIT_DONE : report_error(&err);
}

const struct wpkg_command cmd_key_export = {
	.name = "key export",
	.operands = "",
	.summary = "print your public keys as a keyring, for others to add",
	.example = "wpkg key export >jo.toml",
	.options = export_rows,
	.options_size = sizeof(struct export_options),
	.run = run_export,
};

/* key import */

/* Moves an entry to the end of keys. */
static enum wpkg_status take_entry(struct wpkg_secret_keys *keys, struct wpkg_secret_entry *entry,
				   struct wpkg_err *err)
{
	struct wpkg_secret_entry *longer =
		wpkg_mem_resize(keys->entries, keys->count + 1, sizeof(*longer));
	if (!longer)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for secret keys");
	keys->entries = longer;
	keys->entries[keys->count++] = *entry;
	wpkg_mem_wipe(entry, sizeof(*entry));
	return WPKG_OK;
}

static bool has_key(const struct wpkg_secret_keys *keys, const struct wpkg_public_key *key)
{
	for (size_t i = 0; i < keys->count; i++)
		if (wpkg_public_key_equal(&keys->entries[i].public_key, key))
			return true;
	return false;
}

static enum wpkg_status read_import(struct wpkg_secret_keys *out, const char *path,
				    struct wpkg_err *err)
{
	struct wpkg_buf text;
	if (strcmp(path, "-") != 0)
		return wpkg_secret_keys_load(out, path, err);
	wpkg_buf_init(&text, (size_t)1024 * 1024);
	enum wpkg_status status = secret_read_fd(&text, "0", "standard input", err);
	if (status == WPKG_OK)
		status = wpkg_secret_keys_read(out, wpkg_buf_str(&text), err);
	wpkg_buf_wipe(&text);
	return status;
}

static enum wpkg_status import_keys(struct wpkg_keyring *imported, struct session *session,
				    const char *path, struct wpkg_err *err)
{
	struct wpkg_secret_keys keys = {0};
	struct wpkg_secret_keys fresh = {0};
	enum wpkg_status status = read_import(&fresh, path, err);
	if (status == WPKG_OK)
		status = session_begin_change(session, err);
	if (status == WPKG_OK)
		status = signer_load_own(&keys, session, err);
	for (size_t i = 0; status == WPKG_OK && i < fresh.count; i++) {
		const struct wpkg_keyring_entry public = {
			.label = wpkg_str_from(fresh.entries[i].label),
			.roles = fresh.entries[i].roles,
			.key = fresh.entries[i].public_key};
		if (has_key(&keys, &public.key))
			continue;
		status = wpkg_keyring_add(imported, &session->arena, &public, err);
		if (status == WPKG_OK)
			status = take_entry(&keys, &fresh.entries[i], err);
	}
	if (status == WPKG_OK && imported->count > 0)
		status = signer_save_own(session, &keys, err);
	wpkg_secret_keys_clear(&fresh);
	wpkg_secret_keys_clear(&keys);
	return status;
}

static int report_imported(struct session *session, const struct wpkg_keyring *imported)
{
	trust_report_keys(session, "imported", imported);
	if (imported->count == 0)
		report_line(session->global, "nothing to import: you have these keys");
	return trust_report_keys_json(session, "imported", imported);
}

static int run_import(const struct wpkg_invocation *invocation)
{
	struct session session;
	struct wpkg_err err = {0};
	struct wpkg_keyring imported = {0};
	enum wpkg_status status = session_open(&session, invocation, &err);
	if (status == WPKG_OK)
		status = import_keys(&imported, &session, invocation->operands[0], &err);
	int code = status == WPKG_OK ? report_imported(&session, &imported) : report_error(&err);
	session_close(&session);
	return code;
}

const struct wpkg_command cmd_key_import = {
	.name = "key import",
	.operands = "FILE",
	.summary = "take secret keys from a file, such as one of Bindle's",
	.description = "FILE is a secret_keys.toml that only you may read, or '-' for standard "
		       "input. Keys that you have already are left alone.",
	.example = "wpkg key import ~/.config/bindle/secret_keys.toml",
	.least_operands = 1,
	.most_operands = 1,
	.run = run_import,
};
