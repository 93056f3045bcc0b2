/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_DOCTOR_H
#define WPKG_SERVER_DOCTOR_H

/*
 * Checks of a server's surroundings, each with one finding that says how it is and, unless all is
 * well, what to do. Nothing is changed but what opening the data changes (store.h).
 */

#include <stdbool.h>

#include "base/arena.h"
#include "config.h"

enum doctor_level { DOCTOR_OK, DOCTOR_WARN, DOCTOR_BAD };

struct doctor {
	const struct config *config;
	struct wpkg_arena *arena;
	/* Told of each finding, in the order of the checks. remedy is empty with DOCTOR_OK. */
	void (*found)(void *user, const char *check, enum doctor_level level, struct wpkg_str what,
		      struct wpkg_str remedy);
	void *user;
	unsigned warnings, bad; /* counted */
};

/* "ok", "warn", "bad". */
const char *doctor_level_name(enum doctor_level level);

/* All of them. */
void doctor_run(struct doctor *doctor);

/* One finding; remedy may be NULL. */
void doctor_say(struct doctor *doctor, const char *check, enum doctor_level level,
		const char *remedy, const char *format, ...) WPKG_PRINTF(5, 6);

/* doctor_data.c: database, clock against it, webhooks. */
void doctor_check_data(struct doctor *doctor);

/* doctor_files.c: who may read and write what. */
void doctor_check_files(struct doctor *doctor);

#endif
