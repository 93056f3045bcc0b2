/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_EXEC_VECTOR_TABLE_H
#define WPKG_EXEC_VECTOR_TABLE_H

/*
 * The tables of handlers, those of vectors built more than once: for the files that have them
 * (run*.c).
 */

#include "exec/handler_table.h"
#include "exec/machine.h"

#if !defined(WPKG_EXEC_SWITCH)
#if defined(__x86_64__)
#define EXEC_X86_VECTORS
#endif

HANDLER_TABLE(exec_handlers);
HANDLER_TABLE(exec_vectors_portable);
HANDLER_TABLE(exec_vectors_sse41);
HANDLER_TABLE(exec_vectors_avx2);
#endif

#endif
