/* SPDX-License-Identifier: Apache-2.0 */
/* Handlers of vectors by what every processor of the kind has, and the choice among all of them. */
#include "exec/vector_table.h"

#include "exec/engine.h"

#ifndef WPKG_EXEC_SWITCH

#define EXEC_VECTOR_TABLE exec_vectors_portable
#include "exec/run_vector.inc"

#ifdef EXEC_X86_VECTORS
static handle *const *const tables[] = {exec_vectors_portable, exec_vectors_sse41,
					exec_vectors_avx2};
#else
static handle *const *const tables[] = {exec_vectors_portable};
#endif

uint64_t exec_vector_word(enum handler handler, enum exec_vectors vectors)
{
	return (uint64_t)tables[vectors][handler - H_VECTORS];
}

#else

uint64_t exec_vector_word(enum handler handler, enum exec_vectors vectors)
{
	(void)vectors;
	return handler;
}

#endif

enum exec_vectors exec_vectors_best(unsigned optimisations)
{
#ifdef EXEC_X86_VECTORS
	if (optimisations & WPKG_OPT_AVX2 && __builtin_cpu_supports("avx2") &&
	    __builtin_cpu_supports("fma"))
		return VECTORS_AVX2;
	if (optimisations & WPKG_OPT_SSE41 && __builtin_cpu_supports("sse4.1"))
		return VECTORS_SSE41;
#else
	(void)optimisations;
#endif
	return VECTORS_PORTABLE;
}
