/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_CLIENT_SECRET_H
#define WPKG_CLIENT_SECRET_H

/*
 * A passphrase, password or token from wherever the user has it: a descriptor, a file, or the
 * terminal with its echo off. Never from the command line, which every process may read. One line;
 * its end is taken off. The caller wipes the buffer.
 */

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

#define SECRET_MAX ((size_t)16 * 1024) /* bytes */

struct secret_source {
	const char *fd;	    /* a descriptor's number; NULL: none */
	const char *file;   /* NULL: none */
	const char *prompt; /* what the terminal asks for */
	bool twice;	    /* asks a second time, and both must be equal */
};

/* Appends the secret. WPKG_EINVAL when there is neither a source nor a terminal. */
WPKG_MUST_CHECK enum wpkg_status
secret_read(struct wpkg_buf *out, const struct secret_source *source, struct wpkg_err *err);

/* All that a descriptor gives, which text names; option is what the user wrote it after. */
WPKG_MUST_CHECK enum wpkg_status secret_read_fd(struct wpkg_buf *out, const char *text,
						const char *option, struct wpkg_err *err);

/* Asks on the terminal, with the echo on or off; appends the line. */
WPKG_MUST_CHECK enum wpkg_status secret_ask(struct wpkg_buf *out, const char *prompt, bool echo,
					    struct wpkg_err *err);

#endif
