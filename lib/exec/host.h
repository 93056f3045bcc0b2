/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_EXEC_HOST_H
#define WPKG_EXEC_HOST_H

/*
 * What a host function is and what it may do while it runs.
 *
 * It is a C function with the user pointer that it was defined with. It must not touch the guest's
 * memory but through wpkg_caller_memory and the readers and writers below, which check bounds: a
 * pointer that a guest gives is a number. A view is good until the guest runs again or a memory
 * grows.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exec/call.h"
#include "exec/trap.h"

struct wpkg_engine;
struct wpkg_caller; /* the running call: its instance, engine and outcome */

/* Fills results (one for each result of its type) and returns WPKG_TRAP_NONE; or ends the guest. */
typedef enum wpkg_trap wpkg_host_call(struct wpkg_caller *caller, void *user,
				      const union wpkg_wasm_value *args,
				      union wpkg_wasm_value *results);

/* The instance whose code made the call; NULL when the host itself called a host function. */
struct wpkg_instance *wpkg_caller_instance(const struct wpkg_caller *caller);
struct wpkg_engine *wpkg_caller_engine(const struct wpkg_caller *caller);

/* Ends the guest in order: "return wpkg_caller_exit(caller, code);". */
enum wpkg_trap wpkg_caller_exit(struct wpkg_caller *caller, int32_t code);

/* Ends the guest with a message: "return wpkg_caller_fail(caller, ...);". What is not for a
 * terminal is escaped, so that it is one line. */
enum wpkg_trap wpkg_caller_fail(struct wpkg_caller *caller, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * The caller's exported memory "memory", or else its memory 0, from address on: a pointer to length
 * bytes that are all inside, or NULL. Length 0 at the very end is inside (and not NULL).
 */
uint8_t *wpkg_caller_memory(struct wpkg_caller *caller, uint64_t address, uint64_t length);

/* Little-endian numbers in that memory, of any alignment; false and untouched when outside. */
bool wpkg_caller_read_u32(struct wpkg_caller *caller, uint64_t address, uint32_t *out);
bool wpkg_caller_read_u64(struct wpkg_caller *caller, uint64_t address, uint64_t *out);
bool wpkg_caller_write_u8(struct wpkg_caller *caller, uint64_t address, uint8_t value);
bool wpkg_caller_write_u16(struct wpkg_caller *caller, uint64_t address, uint16_t value);
bool wpkg_caller_write_u32(struct wpkg_caller *caller, uint64_t address, uint32_t value);
bool wpkg_caller_write_u64(struct wpkg_caller *caller, uint64_t address, uint64_t value);

/*
 * For a host function that waits: the milliseconds that the guest has left (UINT64_MAX: no end),
 * and the trap to return when its time is over or somebody interrupted it (else WPKG_TRAP_NONE).
 */
uint64_t wpkg_caller_time_left_ms(const struct wpkg_caller *caller);
enum wpkg_trap wpkg_caller_poll(struct wpkg_caller *caller);

#endif
