/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_EXEC_VECTOR_TABLE_H
#define WPKG_EXEC_VECTOR_TABLE_H

/* The handlers of vectors, built more than once: for the files that build them (run*.c). */

#include "exec/machine.h"

#if !defined(WPKG_EXEC_SWITCH)
#if defined(__x86_64__)
#define EXEC_X86_VECTORS
#endif

#define EXEC_TABLE extern __attribute__((visibility("hidden"))) handle *const
EXEC_TABLE exec_vectors_portable[];
EXEC_TABLE exec_vectors_sse41[];
EXEC_TABLE exec_vectors_avx2[];
#endif

#endif
