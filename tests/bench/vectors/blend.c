/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes made wider, multiplied and made narrow again: two images blended by an alpha. */
#include "kernel.h"

#define COUNT 16384

static uint8_t image[COUNT], other[COUNT];

#ifdef VECTORS
static void blend(uint32_t alpha)
{
	v128_t a = wasm_i16x8_splat((short)alpha), b = wasm_i16x8_splat((short)(256 - alpha));
	for (int i = 0; i < COUNT; i += 16) {
		v128_t x = wasm_v128_load(image + i), y = wasm_v128_load(other + i);
		v128_t low = wasm_i16x8_add(wasm_i16x8_mul(wasm_u16x8_extend_low_u8x16(x), a),
					    wasm_i16x8_mul(wasm_u16x8_extend_low_u8x16(y), b));
		v128_t high = wasm_i16x8_add(wasm_i16x8_mul(wasm_u16x8_extend_high_u8x16(x), a),
					     wasm_i16x8_mul(wasm_u16x8_extend_high_u8x16(y), b));
		wasm_v128_store(image + i, wasm_u8x16_narrow_i16x8(wasm_u16x8_shr(low, 8),
								   wasm_u16x8_shr(high, 8)));
	}
}
#else
static void blend(uint32_t alpha)
{
	for (int i = 0; i < COUNT; i++)
		image[i] = (uint8_t)((image[i] * alpha + other[i] * (256 - alpha)) >> 8);
}
#endif

int main(void)
{
	uint32_t seed = 1, sum = 0;
	for (int i = 0; i < COUNT; i++)
		other[i] = (uint8_t)next_number(&seed);
	for (uint32_t round = 0; round < 8000; round++) {
		blend(round % 256);
		other[round % COUNT] = image[round * 7 % COUNT];
	}
	for (int i = 0; i < COUNT; i++)
		sum = sum * 31 + image[i];
	printf("%u\n", (unsigned)sum);
	return 0;
}
