/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_EXEC_SHARED_H
#define WPKG_EXEC_SHARED_H

/*
 * A shared linear memory: the one object that several engines use at a time, each on its own
 * thread. An engine that makes or imports one holds it until the engine is freed; whoever else
 * needs it holds it, too. Every function here may be called from any thread.
 */

#include <stdint.h>

#include "base/err.h"
#include "exec/linker.h"

struct wpkg_shared_memory;
struct wpkg_memory;

/* A memory of pages of 64 KiB. The extent has a maximum; what is made belongs to no engine's
 * ceiling. The caller holds it. */
WPKG_MUST_CHECK enum wpkg_status wpkg_shared_memory_new(struct wpkg_shared_memory **out,
							const struct wpkg_extent *extent,
							struct wpkg_err *err);
struct wpkg_shared_memory *wpkg_shared_memory_hold(struct wpkg_shared_memory *shared);
void wpkg_shared_memory_drop(struct wpkg_shared_memory *shared); /* NULL is fine */

/* What is behind a memory of an engine, which holds it; NULL when it is not shared. */
struct wpkg_shared_memory *wpkg_memory_shared(const struct wpkg_memory *memory);

/* The memory for imports of the linker's engine, which holds it from now on. */
WPKG_MUST_CHECK enum wpkg_status wpkg_linker_define_shared_memory(struct wpkg_linker *linker,
								  struct wpkg_str module,
								  struct wpkg_str field,
								  struct wpkg_shared_memory *shared,
								  struct wpkg_err *err);

#endif
