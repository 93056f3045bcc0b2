/* SPDX-License-Identifier: Apache-2.0 */
#include "signer.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "report.h"
#include "secret.h"

#define KEYS_MAX ((size_t)1024 * 1024)

static const char *own_path(struct session *session)
{
	return session_path(session, "secret_keys.toml");
}

enum wpkg_status signer_load_own(struct wpkg_secret_keys *out, struct session *session,
				 struct wpkg_err *err)
{
	const char *path = own_path(session);
	if (!path)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for secret keys");
	if (access(path, F_OK) != 0) {
		*out = (struct wpkg_secret_keys){0};
		return WPKG_OK;
	}
	return wpkg_secret_keys_load(out, path, err);
}

enum wpkg_status signer_save_own(struct session *session, const struct wpkg_secret_keys *keys,
				 struct wpkg_err *err)
{
	const char *path = own_path(session);
	if (!path)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for secret keys");
	return wpkg_secret_keys_save(keys, path, err);
}

static enum wpkg_status load_fd(struct wpkg_secret_keys *out, const char *number,
				struct wpkg_err *err)
{
	struct wpkg_buf text;
	wpkg_buf_init(&text, KEYS_MAX);
	enum wpkg_status status = secret_read_fd(&text, number, "--key-fd", err);
	if (status == WPKG_OK)
		status = wpkg_secret_keys_read(out, wpkg_buf_str(&text), err);
	wpkg_buf_wipe(&text);
	return status;
}

static enum wpkg_status load(struct wpkg_secret_keys *out, struct session *session,
			     const struct signer_options *options, struct wpkg_err *err)
{
	if (options->key_fd)
		return load_fd(out, options->key_fd, err);
	if (options->key_file)
		return wpkg_secret_keys_load(out, options->key_file, err);
	return signer_load_own(out, session, err);
}

static enum wpkg_status open_entry(struct wpkg_secret_entry *entry,
				   const struct signer_options *options, struct wpkg_err *err)
{
	struct wpkg_buf passphrase;
	struct secret_source source = {.fd = options->passphrase_fd,
				       .file = options->passphrase_file,
				       .prompt = "passphrase of the key"};
	if (!entry->sealed)
		return WPKG_OK;
	wpkg_buf_init(&passphrase, SECRET_MAX);
	enum wpkg_status status = secret_read(&passphrase, &source, err);
	if (status == WPKG_OK)
		status = wpkg_secret_entry_open(entry, wpkg_buf_str(&passphrase), err);
	wpkg_buf_wipe(&passphrase);
	if (status != WPKG_OK)
		wpkg_err_prepend(err, "key '%s'", entry->label);
	return status;
}

static enum wpkg_status no_key(struct wpkg_err *err, const struct signer_options *options,
			       enum wpkg_role role)
{
	if (options->label)
		return WPKG_FAIL(err, WPKG_ENOTFOUND, "no secret key '%s' for the role %s",
				 options->label, wpkg_role_name(role));
	return WPKG_FAIL(err, WPKG_ENOTFOUND,
			 "no secret key for the role %s (make one with 'wpkg key create')",
			 wpkg_role_name(role));
}

enum wpkg_status signer_sign(struct session *session, struct wpkg_invoice *invoice,
			     const struct signer_options *options, struct wpkg_err *err)
{
	struct wpkg_secret_keys keys = {0};
	enum wpkg_role role = WPKG_ROLE_CREATOR;
	struct wpkg_str label = wpkg_str_from(options->label);
	if (options->role && !wpkg_role_parse_loose(&role, wpkg_str_from(options->role)))
		return WPKG_FAIL(err, WPKG_EINVAL, "'%s' is no role", options->role);
	enum wpkg_status status = load(&keys, session, options, err);
	if (status != WPKG_OK)
		return status;
	struct wpkg_secret_entry *entry = wpkg_secret_keys_find(&keys, role, label);
	if (!entry)
		status = no_key(err, options, role);
	if (status == WPKG_OK)
		status = open_entry(entry, options, err);
	if (status == WPKG_OK)
		status = wpkg_invoice_sign(invoice, &session->arena, entry, role,
					   (uint64_t)wpkg_clock_now(), err);
	if (status == WPKG_OK)
		report_detail(session->global, "signed by '%s' as %s", entry->label,
			      wpkg_role_name(role));
	wpkg_secret_keys_clear(&keys);
	return status;
}
