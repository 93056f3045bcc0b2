/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_WASM_SCRIPT_H
#define WPKG_WASM_SCRIPT_H

/*
 * Test scripts (.wast): modules, actions and assertions about them, as the specification's test
 * suite writes them (interpreter/README.md of WebAssembly/spec, "Scripts"; "thread" and "wait" are
 * the threads proposal's). A script is read command by command; running it is somebody else's part.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "wasm/type.h"

enum wpkg_script_kind {
	WPKG_SCRIPT_MODULE,	/* define and instantiate */
	WPKG_SCRIPT_DEFINITION, /* define only */
	WPKG_SCRIPT_INSTANCE,	/* instantiate what was defined */
	WPKG_SCRIPT_REGISTER,
	WPKG_SCRIPT_ACTION,
	WPKG_SCRIPT_ASSERT_RETURN,
	WPKG_SCRIPT_ASSERT_TRAP,
	WPKG_SCRIPT_ASSERT_EXHAUSTION,
	WPKG_SCRIPT_ASSERT_EXCEPTION,
	WPKG_SCRIPT_ASSERT_INVALID,
	WPKG_SCRIPT_ASSERT_MALFORMED,
	WPKG_SCRIPT_ASSERT_UNLINKABLE,
	WPKG_SCRIPT_ASSERT_UNINSTANTIABLE, /* assert_trap of a module */
	WPKG_SCRIPT_ASSERT_INVALID_CUSTOM,
	WPKG_SCRIPT_ASSERT_MALFORMED_CUSTOM,
	WPKG_SCRIPT_THREAD,
	WPKG_SCRIPT_WAIT,
	WPKG_SCRIPT_KIND_COUNT
};

/* "module", "assert_return", ... Static text. */
const char *wpkg_script_kind_name(enum wpkg_script_kind kind);

/* A module: the part of a text from start to before end, or a binary. */
struct wpkg_script_module {
	bool is_binary;
	struct wpkg_str bytes; /* the binary, or the text that start and end count in */
	uint32_t start, end;   /* of a text */
};

enum wpkg_script_value_kind {
	WPKG_SCRIPT_I32,
	WPKG_SCRIPT_I64,
	WPKG_SCRIPT_F32,
	WPKG_SCRIPT_F64,
	WPKG_SCRIPT_V128,
	WPKG_SCRIPT_NULL,  /* any null reference */
	WPKG_SCRIPT_HOST,  /* the host's reference number bits[0] */
	WPKG_SCRIPT_REF,   /* expected only: any reference of the heap type but null */
	WPKG_SCRIPT_EITHER /* expected only: one of the items */
};

enum wpkg_script_nan { WPKG_SCRIPT_NO_NAN, WPKG_SCRIPT_NAN_CANONICAL, WPKG_SCRIPT_NAN_ARITHMETIC };

/* An argument, or what a result must match. */
struct wpkg_script_value {
	enum wpkg_script_value_kind kind;
	uint64_t bits[2]; /* numbers: lane 0 in the low bits of [0] */
	uint8_t lanes;	  /* V128; 1 for other numbers */
	uint8_t nans[4];  /* by lane, enum wpkg_script_nan: expected instead of the bits */
	uint8_t heap;	  /* REF, HOST: enum wpkg_heap */
	const struct wpkg_script_value *items; /* EITHER */
	uint32_t count;
};

struct wpkg_script_action {
	bool is_get;		  /* an exported global's value; else a call */
	struct wpkg_str instance; /* "$I"; empty: the current one */
	struct wpkg_str field;
	const struct wpkg_script_value *args;
	uint32_t arg_count;
};

/* Members that a kind has not are zero. */
struct wpkg_script_command {
	enum wpkg_script_kind kind;
	uint32_t line;
	struct wpkg_script_module module;
	struct wpkg_str name; /* "$M": of the module, instance or thread; what is registered */
	struct wpkg_str definition; /* INSTANCE: "$D"; empty: the latest one */
	struct wpkg_str as;	    /* REGISTER: the module name of imports */
	struct wpkg_script_action action;
	const struct wpkg_script_value *expected;
	uint32_t expected_count;
	struct wpkg_str text;	/* of an assertion: the reference interpreter's message */
	struct wpkg_str shared; /* THREAD: the instance that it knows; may be empty */
	uint32_t start, end;	/* THREAD: its commands, in the script's text */
};

struct wpkg_script;

/*
 * Opens the part of a text from start to before end (0: to its end), which must outlive the script.
 * WPKG_ENOMEM, WPKG_ELIMIT for a text of 4 GiB and more.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_script_open(struct wpkg_script **out, struct wpkg_str text,
						  uint32_t start, uint32_t end,
						  struct wpkg_err *err);
void wpkg_script_close(struct wpkg_script *script);

/*
 * The next command, which is good until the next call; *out is NULL behind the last one. Modules'
 * texts are not parsed yet. WPKG_EFORMAT with line and column for what is no script; then nothing
 * more can be read.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_script_next(const struct wpkg_script_command **out,
						  struct wpkg_script *script, struct wpkg_err *err);

#endif
