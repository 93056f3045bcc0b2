/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_CLIENT_GLOBAL_H
#define WPKG_CLIENT_GLOBAL_H

/* The options of every command. The struct is a command's invocation->global. */

#include <stdbool.h>

#include "base/command.h"

struct global_options {
	const char *registry; /* URL; NULL: from the configuration */
	const char *config;   /* path of the configuration file; NULL: the usual one */
	bool json;
	bool quiet;
	bool verbose;
	bool no_progress;
	bool offline; /* ask no registry; use what is cached */
};

extern const struct wpkg_option global_rows[];

#endif
