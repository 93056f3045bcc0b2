/* SPDX-License-Identifier: Apache-2.0 */
/* Handlers of vectors by SSE 4.1 of x86. */
#include "exec/vector_table.h"

#ifdef EXEC_X86_VECTORS

#include <immintrin.h>

#define EXEC_VECTORS 1
#define EXEC_VECTOR_TABLE exec_vectors_sse41
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("sse4.1"))), apply_to = function)
#else
#pragma GCC target("sse4.1")
#endif
#include "exec/run_vector.inc"
#ifdef __clang__
#pragma clang attribute pop
#endif

#endif
