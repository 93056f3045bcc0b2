/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_CLOSURE_H
#define WPKG_SERVER_CLOSURE_H

/*
 * What a version's dependencies come to in this registry: the packages, and theirs, in the versions
 * that 'wpkg lock' would choose here today, with their modules. For the question to a worker, which
 * links them.
 */

#include "base/arena.h"
#include "base/err.h"
#include "pkg/admission.h"

struct wpkg_store;

struct closure_options {
	struct wpkg_store *store;
	bool foreign; /* what the registry does not have is passed over */
	/* May the version's pusher know of that package? NULL: of every one. */
	bool (*may_read)(void *user, struct wpkg_str name);
	void *user;
};

/*
 * All in the arena. What is wrong with the dependencies is no failure: *out has lines that say so,
 * and no packages. A package that may not be read is as absent as one that is not there.
 * WPKG_EIO, WPKG_ENOMEM: the registry cannot say.
 */
WPKG_MUST_CHECK enum wpkg_status closure_find(struct wpkg_question_closure *out,
					      struct wpkg_arena *arena,
					      const struct closure_options *options,
					      const struct wpkg_invoice *invoice,
					      struct wpkg_err *err);

#endif
