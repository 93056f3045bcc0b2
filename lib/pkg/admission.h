/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_PKG_ADMISSION_H
#define WPKG_PKG_ADMISSION_H

/*
 * What the server and wpkg-admit say to each other (base/channel.h).
 *
 * The server starts wpkg-admit once, with its end of a channel as descriptor
 * WPKG_ADMISSION_CHANNEL: this process is the parent of the workers. Each question gets a worker of
 * its own, and two channels: one to talk to the worker, and a leash, which the parent holds.
 * Letting go of the leash (closing it, or shutting down its writing side) kills the worker.
 *
 *   server < parent   READY      once; bytes: the protections that are missing, as a line
 *   server > parent   START      bytes: struct wpkg_admission_start; descriptors: channel, leash
 *   server < leash    ENDED      once the worker is gone; bytes: struct wpkg_admission_ended
 *
 *   server > worker   QUESTION   bytes: JSON of struct wpkg_question
 *   server < worker   PROGRESS   bytes: what it looks at now, a line
 *   server < worker   NEED       bytes: number of a parcel, uint32_t: those of the invoice, then
 *                                the modules of the packages, in the question's order
 *   server > worker   PARCEL     descriptor: the parcel, to read
 *   server < worker   VERDICT    bytes: JSON (pkg/verdict.h); the last message
 *
 * The server believes its own question and nothing else: every message of a worker is bounded in
 * size, number and time, and what a worker says is read as what a stranger says.
 */

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "pkg/invoice.h"
#include "pkg/policy.h"

#define WPKG_ADMISSION_CHANNEL 3

enum wpkg_admission_message {
	WPKG_ADMISSION_READY = 1,
	WPKG_ADMISSION_START,
	WPKG_ADMISSION_ENDED,
	WPKG_ADMISSION_QUESTION,
	WPKG_ADMISSION_PROGRESS,
	WPKG_ADMISSION_NEED,
	WPKG_ADMISSION_PARCEL,
	WPKG_ADMISSION_VERDICT
};

#define WPKG_ADMISSION_READY_MAX 1024		      /* bytes of the line */
#define WPKG_ADMISSION_PROGRESS_MAX 512		      /* bytes of the line */
#define WPKG_ADMISSION_QUESTION_MAX (8 * 1024 * 1024) /* bytes of the JSON text */
#define WPKG_ADMISSION_VERDICT_MAX (16 * 1024 * 1024) /* bytes of the JSON text */

/* How a worker ends by itself. */
enum wpkg_admission_exit {
	WPKG_ADMISSION_EXIT_DONE,    /* it gave its verdict */
	WPKG_ADMISSION_EXIT_FAILED,  /* it has no memory for one, or the server was gone */
	WPKG_ADMISSION_EXIT_SANDBOX, /* it could not shut itself in, and read nothing */
};

/* What the system shall hold a worker to. */
struct wpkg_admission_start {
	uint64_t memory;	/* bytes that it may write to */
	uint64_t address_space; /* bytes */
	uint64_t cpu_seconds;
};

/* How a worker ended. */
struct wpkg_admission_ended {
	int32_t failure;      /* errno: it was never started; the rest is 0 */
	int32_t exit_code;    /* -1: a signal ended it */
	int32_t signal;	      /* 0: it ended by itself */
	uint64_t cpu_ms;      /* that it used */
	uint64_t memory_peak; /* bytes that it had in memory at most */
};

/* A module of a package that the version depends on. */
struct wpkg_question_module {
	struct wpkg_str name; /* of its parcel */
	struct wpkg_str sha256;
	uint64_t size; /* bytes */
};

/* A package that the version depends on, or one of those does: the registry's choice of it. */
struct wpkg_question_package {
	struct wpkg_str name, version;
	struct wpkg_str digest;	   /* "sha256:HEX", its content address */
	struct wpkg_strings needs; /* names that it depends on itself */
	struct wpkg_question_module *modules;
	size_t module_count;
};

/* What a version depends on, as far as the registry has it. */
struct wpkg_question_closure {
	struct wpkg_question_package *packages; /* each name once */
	size_t count;
	struct wpkg_strings foreign;  /* names that are none of this registry's, and may be */
	struct wpkg_strings problems; /* lines: why the version cannot have what it asks for */
};

/* A question: may this version be published? */
struct wpkg_question {
	const struct wpkg_invoice *invoice;
	struct wpkg_question_closure closure;
	uint64_t milliseconds; /* for everything */
	uint64_t memory;       /* bytes that a guest may have in all */
	uint64_t fuel;	       /* for each check */
	uint64_t output;       /* bytes that a check may print */
	struct wpkg_policy policy;
	struct wpkg_strings profiles; /* of hosts, beside those that are known: TOML documents */
};

WPKG_MUST_CHECK enum wpkg_status wpkg_question_write(struct wpkg_buf *out,
						     const struct wpkg_question *question,
						     struct wpkg_err *err);

/* All of it in the arena. */
WPKG_MUST_CHECK enum wpkg_status wpkg_question_read(struct wpkg_question *out,
						    struct wpkg_arena *arena, struct wpkg_str text,
						    struct wpkg_err *err);

#endif
