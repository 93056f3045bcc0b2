/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_EXEC_VECTOR_TYPE_H
#define WPKG_EXEC_VECTOR_TYPE_H

/* Vectors by their lanes. A v128 (exec/machine.h) is one of two lanes of 64 bits, or of any. */

#include <stdint.h>

#include "exec/machine.h"

#ifndef EXEC_VECTORS
#define EXEC_VECTORS 0
#endif

#if EXEC_VECTORS
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#define LANES static inline __attribute__((always_inline))

typedef int8_t i8x16 __attribute__((vector_size(16)));
typedef uint8_t u8x16 __attribute__((vector_size(16)));
typedef int16_t i16x8 __attribute__((vector_size(16)));
typedef uint16_t u16x8 __attribute__((vector_size(16)));
typedef int32_t i32x4 __attribute__((vector_size(16)));
typedef uint32_t u32x4 __attribute__((vector_size(16)));
typedef int64_t i64x2 __attribute__((vector_size(16)));
typedef float f32x4 __attribute__((vector_size(16)));
typedef double f64x2 __attribute__((vector_size(16)));

/* A vector whose lanes are all the same. */
#define SPLAT(type, lane, ...)                                                                     \
	LANES type splat_##type(lane x)                                                            \
	{                                                                                          \
		return (type){__VA_ARGS__};                                                        \
	}
SPLAT(u8x16, uint8_t, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x)
SPLAT(i16x8, int16_t, x, x, x, x, x, x, x, x)
SPLAT(u16x8, uint16_t, x, x, x, x, x, x, x, x)
SPLAT(i32x4, int32_t, x, x, x, x)
SPLAT(u32x4, uint32_t, x, x, x, x)
SPLAT(v128, uint64_t, x, x)
SPLAT(f32x4, float, x, x, x, x)
SPLAT(f64x2, double, x, x)

#endif
