/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words that instructions begin with, and the choice among the handlers of vectors. Apart from
 * the handlers: what a start goes through is not to lie between a megabyte of them.
 */
#include "exec/engine.h"
#include "exec/vector_table.h"

#ifndef WPKG_EXEC_SWITCH

uint64_t exec_handler_word(enum handler handler)
{
	return handler_at(exec_handlers, handler);
}

uint64_t exec_vector_word(enum handler handler, enum exec_vectors vectors)
{
	const int32_t *table = exec_vectors_portable;
#ifdef EXEC_X86_VECTORS
	if (vectors == VECTORS_SSE41)
		table = exec_vectors_sse41;
	if (vectors == VECTORS_AVX2)
		table = exec_vectors_avx2;
#else
	(void)vectors;
#endif
	return handler_at(table, (unsigned)handler - H_VECTORS);
}

#else

uint64_t exec_handler_word(enum handler handler)
{
	return handler;
}

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
