/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_ADMIT_CHECK_RUN_H
#define WPKG_ADMIT_CHECK_RUN_H

/*
 * One run of a check: the module in an engine of its own, both it and WASI preview 1 in their
 * deterministic mode, over the check's arguments, variables, input and files, within limits.
 */

#include "base/buf.h"
#include "examination.h"
#include "exec/wasi.h"
#include "pkg/check.h"
#include "wasm/module.h"

/* What the run may use: the least of what the check asks for and the registry allows. */
struct check_limits {
	uint64_t fuel;
	uint64_t memory;       /* bytes of memories, tables and objects together */
	uint64_t milliseconds; /* at least 1 */
};

struct check_run {
	const struct wpkg_check *check;
	const struct wpkg_module *module;
	const struct linked *linked; /* the module with those that it imports from; NULL: alone */
	const struct links *links;
	struct wpkg_str program; /* the guest's argument 0 */
	struct check_limits limits;
	const struct wpkg_wasi_file *files;
	size_t file_count;

	/* What came of it. */
	bool ended; /* it returned or exited; else error says what happened */
	int32_t exit_code;
	struct wpkg_buf *output; /* the caller's, bounded */
	struct wpkg_buf *errors; /* its standard error; the caller's, bounded */
	struct wpkg_buf *error;	 /* a line, and for a trap the functions that were running */
	uint64_t fuel_used;
	bool memory_refused; /* it did not get all the memory that it asked for */
};

/* Fails only where memory is out. */
WPKG_MUST_CHECK enum wpkg_status check_run(struct check_run *run, struct wpkg_arena *arena,
					   struct wpkg_err *err);

#endif
