/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_EXEC_CALL_H
#define WPKG_EXEC_CALL_H

/*
 * Calling a function from outside, and what came of it.
 *
 * A guest's end is not an error of the caller: wpkg_func_call always says how it ended, in an
 * outcome, and returns the outcome's trap.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "exec/reference.h"
#include "exec/trap.h"

struct wpkg_instance;
struct wpkg_func;

/*
 * A value of a type that both sides know from the function's type. A reference is an opaque word
 * of this engine; null is 0.
 */
union wpkg_wasm_value {
	uint32_t i32;
	uint64_t i64;
	float f32;
	double f64;
	uint64_t ref;
	uint64_t v128[2]; /* lane 0 in the low bits of [0] */
};

#define WPKG_FRAMES 24 /* kept of a longer backtrace: the innermost */

struct wpkg_frame {
	const struct wpkg_instance *instance;
	uint32_t function; /* index in the module's function space */
	uint32_t offset;   /* of the instruction, from the start of the module's file */
};

struct wpkg_outcome {
	enum wpkg_trap trap;
	int32_t exit_code;		       /* with WPKG_TRAP_EXIT */
	char message[160];		       /* one line, filled unless trap is WPKG_TRAP_NONE */
	uint64_t depth;			       /* guest frames at that moment */
	uint32_t frame_count;		       /* of them in frames */
	struct wpkg_frame frames[WPKG_FRAMES]; /* innermost first */
};

/*
 * Calls with as many arguments as the function has parameters; results has room for as many as it
 * has results, and is written only when it returned. A host function may call, too: then the call
 * shares the running one's stack, fuel and time. A NULL outcome is fine.
 */
enum wpkg_trap wpkg_func_call(struct wpkg_outcome *outcome, struct wpkg_func *func,
			      const union wpkg_wasm_value *args, union wpkg_wasm_value *results);

/* A line "  name+0x1f" for each frame, with the names of the module's name section, escaped. */
void wpkg_outcome_format_frames(const struct wpkg_outcome *outcome, struct wpkg_buf *out);

#endif
