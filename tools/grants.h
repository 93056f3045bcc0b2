/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_TOOLS_GRANTS_H
#define WPKG_TOOLS_GRANTS_H

/*
 * What a command line grants to a guest of WASI: folders, variables, its input. Nothing else of the
 * host is within its reach.
 */

#include <stdbool.h>

#include "base/command.h"
#include "base/err.h"
#include "base/str.h"
#include "exec/wasi.h"

struct grants_request {
	const struct wpkg_option_list *dirs; /* "HOST::GUEST[:ro]", or "HOST[:ro]" for both */
	const struct wpkg_option_list *env;  /* "NAME=VALUE", or "NAME" for the host's value */
	const char *input;		     /* file; NULL: the host's standard input */
	const char *program;		     /* the guest's argument 0 */
	char *const *args;
	size_t arg_count;
	bool deterministic;
};

/* Open descriptors and texts, for as long as the guest lives. */
struct grants {
	struct wpkg_wasi_options options;
	struct wpkg_wasi_dir *dirs; /* heap, like all lists here */
	struct wpkg_str *env;
	char **env_made; /* NULL: borrowed from the command line */
	struct wpkg_str *args;
	int input; /* -1: none opened */
};

/* Fills *grants, which must not move afterwards, or leaves nothing open. */
WPKG_MUST_CHECK enum wpkg_status
grants_open(struct grants *grants, const struct grants_request *request, struct wpkg_err *err);
void grants_close(struct grants *grants);

#endif
