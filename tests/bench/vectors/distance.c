/* SPDX-License-Identifier: Apache-2.0 */
/* Saturating differences of bytes and sums of neighbours: how far two blocks of an image differ. */
#include "kernel.h"

#define WIDTH 640
#define BLOCK 16

static uint8_t frame[WIDTH * BLOCK], block[BLOCK * BLOCK];

#ifdef VECTORS
static uint32_t distance(const uint8_t *at)
{
	v128_t sum = wasm_i32x4_splat(0);
	for (int row = 0; row < BLOCK; row++) {
		v128_t a = wasm_v128_load(at + row * WIDTH),
		       b = wasm_v128_load(block + row * BLOCK);
		v128_t apart = wasm_v128_or(wasm_u8x16_sub_sat(a, b), wasm_u8x16_sub_sat(b, a));
		sum = wasm_i32x4_add(sum, wasm_u32x4_extadd_pairwise_u16x8(
						  wasm_u16x8_extadd_pairwise_u8x16(apart)));
	}
	return (uint32_t)(wasm_i32x4_extract_lane(sum, 0) + wasm_i32x4_extract_lane(sum, 1) +
			  wasm_i32x4_extract_lane(sum, 2) + wasm_i32x4_extract_lane(sum, 3));
}
#else
static uint32_t distance(const uint8_t *at)
{
	uint32_t sum = 0;
	for (int row = 0; row < BLOCK; row++)
		for (int i = 0; i < BLOCK; i++) {
			int apart = at[row * WIDTH + i] - block[row * BLOCK + i];
			sum += (uint32_t)(apart < 0 ? -apart : apart);
		}
	return sum;
}
#endif

int main(void)
{
	uint32_t seed = 1, sum = 0;
	for (int i = 0; i < WIDTH * BLOCK; i++)
		frame[i] = (uint8_t)next_number(&seed);
	for (int round = 0; round < 800; round++) {
		uint32_t least = UINT32_MAX;
		for (int i = 0; i < BLOCK * BLOCK; i++)
			block[i] = (uint8_t)next_number(&seed);
		for (int i = 0; i + BLOCK <= WIDTH; i++) {
			uint32_t now = distance(frame + i);
			least = now < least ? now : least;
		}
		sum = sum * 31 + least;
	}
	printf("%u\n", (unsigned)sum);
	return 0;
}
