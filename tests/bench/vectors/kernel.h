/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_BENCH_KERNEL_H
#define WPKG_BENCH_KERNEL_H

/*
 * A kernel is written twice: with WebAssembly's vectors, and as the scalar code that does the same
 * work, which is what the native program is made of.
 */

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#ifdef __wasm_simd128__
#include <wasm_simd128.h>
#define VECTORS
#endif

/* Numbers in no order, the same everywhere. */
static inline uint32_t next_number(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

#endif
