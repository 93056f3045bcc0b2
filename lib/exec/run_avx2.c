/* SPDX-License-Identifier: Apache-2.0 */
/* Handlers of vectors by AVX2 and FMA of x86. */
#include "exec/vector_table.h"

#ifdef EXEC_X86_VECTORS

#include <immintrin.h>

#define EXEC_VECTORS 2
#define EXEC_VECTOR_TABLE exec_vectors_avx2
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif
#include "exec/run_vector.inc"
#ifdef __clang__
#pragma clang attribute pop
#endif

#endif
