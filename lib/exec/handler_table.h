/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_EXEC_HANDLER_TABLE_H
#define WPKG_EXEC_HANDLER_TABLE_H

/*
 * Tables of handlers, for the files that build them (run*.c): 32 bits for each handler, how far it
 * is from the table's beginning. Addresses would be relocated, thousands of them, at each start of
 * the program; distances are known when it is linked. C has no word for them, so the assembler
 * writes the table:
 *
 *	HANDLER_TABLE(name); declares it
 *	#define OP(handler, ...) HANDLER_DISTANCE(handler, name)
 *	__asm__(HANDLER_TABLE_BEGIN(name)
 *	#include "the handlers"
 *	        HANDLER_TABLE_END);
 */

#include <stdint.h>

#define HANDLER_TEXT(x) #x
#define HANDLER_NAME(table) HANDLER_TEXT(table)

#define HANDLER_TABLE(table) extern __attribute__((visibility("hidden"))) const int32_t table[]
#define HANDLER_TABLE_BEGIN(table)                                                                 \
	".pushsection .rodata\n.balign 4\n.globl " HANDLER_NAME(table) "\n.hidden " HANDLER_NAME(  \
		table) "\n" HANDLER_NAME(table) ":\n"
#define HANDLER_DISTANCE(handler, table) ".long H_" #handler "_run - " HANDLER_NAME(table) "\n"
#define HANDLER_TABLE_END ".popsection\n"

/* No one but the table names a handler. */
#define HANDLER static __attribute__((used)) uint64_t

static inline uint64_t handler_at(const int32_t *table, unsigned index)
{
	return (uint64_t)((uintptr_t)table + (uintptr_t)(intptr_t)table[index]);
}

#endif
