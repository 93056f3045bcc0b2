/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_CLIENT_SIGNER_H
#define WPKG_CLIENT_SIGNER_H

/*
 * The secret key that a command signs with, from secret_keys.toml in the configuration folder, or
 * for CI from a file (--key-file, WPKG_KEY_FILE) or an open descriptor (--key-fd). A sealed key is
 * opened with the passphrase from --passphrase-fd, WPKG_PASSPHRASE_FILE or the terminal.
 */

#include <stddef.h>

#include "base/command.h"
#include "base/err.h"
#include "pkg/secret_keys.h"
#include "session.h"

struct signer_options {
	const char *key_file;
	const char *key_fd;
	const char *label;
	const char *role; /* NULL: creator */
	const char *passphrase_fd;
	const char *passphrase_file;
};

/* Rows for the option table of a command whose options struct has a signer_options MEMBER. */
#define SIGNER_ROW(type, member, field)                                                            \
	(offsetof(struct type, member) + offsetof(struct signer_options, field))
#define SIGNER_ROWS(type, member)                                                                  \
	{"key-file",                                                                               \
	 0,                                                                                        \
	 WPKG_OPTION_TEXT,                                                                         \
	 "FILE",                                                                                   \
	 "sign with a key of this file",                                                           \
	 "WPKG_KEY_FILE",                                                                          \
	 SIGNER_ROW(type, member, key_file)},                                                      \
		{"key-fd",                                                                         \
		 0,                                                                                \
		 WPKG_OPTION_TEXT,                                                                 \
		 "N",                                                                              \
		 "sign with a key read from a descriptor",                                         \
		 NULL,                                                                             \
		 SIGNER_ROW(type, member, key_fd)},                                                \
		{"label",                                                                          \
		 0,                                                                                \
		 WPKG_OPTION_TEXT,                                                                 \
		 "LABEL",                                                                          \
		 "sign with the key of this label",                                                \
		 NULL,                                                                             \
		 SIGNER_ROW(type, member, label)},                                                 \
		{"role",                                                                           \
		 0,                                                                                \
		 WPKG_OPTION_TEXT,                                                                 \
		 "ROLE",                                                                           \
		 "sign as creator (the default) or approver",                                      \
		 NULL,                                                                             \
		 SIGNER_ROW(type, member, role)},                                                  \
		{"passphrase-fd",                                                                  \
		 0,                                                                                \
		 WPKG_OPTION_TEXT,                                                                 \
		 "N",                                                                              \
		 "read the key's passphrase from a descriptor",                                    \
		 NULL,                                                                             \
		 SIGNER_ROW(type, member, passphrase_fd)},                                         \
	{                                                                                          \
		"passphrase-file", 0, WPKG_OPTION_TEXT, "FILE",                                    \
			"read the key's passphrase from a file", "WPKG_PASSPHRASE_FILE",           \
			SIGNER_ROW(type, member, passphrase_file)                                  \
	}

/* Signs the invoice, in the session's arena. WPKG_ENOTFOUND says how to make a key. */
WPKG_MUST_CHECK enum wpkg_status signer_sign(struct session *session, struct wpkg_invoice *invoice,
					     const struct signer_options *options,
					     struct wpkg_err *err);

/* The user's own keys; none when there is no file. */
WPKG_MUST_CHECK enum wpkg_status signer_load_own(struct wpkg_secret_keys *out,
						 struct session *session, struct wpkg_err *err);
/* What was loaded after session_begin_change. */
WPKG_MUST_CHECK enum wpkg_status
signer_save_own(struct session *session, const struct wpkg_secret_keys *keys, struct wpkg_err *err);

#endif
