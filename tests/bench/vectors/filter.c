/* SPDX-License-Identifier: Apache-2.0 */
/* Products of neighbours added up: samples of sound through a filter of sixteen taps. */
#include "kernel.h"

#define COUNT 4096
#define TAPS 16

static int16_t in[COUNT + TAPS], out[COUNT], taps[TAPS];

#ifdef VECTORS
static void filter(void)
{
	v128_t low = wasm_v128_load(taps), high = wasm_v128_load(taps + 8);
	for (int i = 0; i < COUNT; i++) {
		v128_t sum = wasm_i32x4_add(wasm_i32x4_dot_i16x8(wasm_v128_load(in + i), low),
					    wasm_i32x4_dot_i16x8(wasm_v128_load(in + i + 8), high));
		sum = wasm_i32x4_add(sum, wasm_i32x4_shuffle(sum, sum, 2, 3, 0, 1));
		sum = wasm_i32x4_add(sum, wasm_i32x4_shuffle(sum, sum, 1, 0, 3, 2));
		out[i] = (int16_t)(wasm_i32x4_extract_lane(sum, 0) >> 15);
	}
}
#else
static void filter(void)
{
	for (int i = 0; i < COUNT; i++) {
		int32_t sum = 0;
		for (int k = 0; k < TAPS; k++)
			sum += in[i + k] * taps[k];
		out[i] = (int16_t)(sum >> 15);
	}
}
#endif

int main(void)
{
	uint32_t seed = 1, sum = 0;
	for (int i = 0; i < TAPS; i++)
		taps[i] = (int16_t)(next_number(&seed) % 8192 - 2048);
	for (int i = 0; i < COUNT + TAPS; i++)
		in[i] = (int16_t)(next_number(&seed) % 16384 - 8192);
	for (int round = 0; round < 4000; round++) {
		filter();
		in[round % COUNT] = out[round * 7 % COUNT];
	}
	for (int i = 0; i < COUNT; i++)
		sum = sum * 31 + (uint32_t)out[i];
	printf("%u\n", (unsigned)sum);
	return 0;
}
