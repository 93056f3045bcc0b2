/* SPDX-License-Identifier: Apache-2.0 */
/* Shifts, masks and a table of bytes: binary data as hexadecimal digits. */
#include "kernel.h"

#define COUNT 8192

static uint8_t data[COUNT], text[2 * COUNT];
static const char digits[16] = "0123456789abcdef";

#ifdef VECTORS
static void encode(void)
{
	v128_t table = wasm_v128_load(digits), mask = wasm_i8x16_splat(15);
	for (int i = 0; i < COUNT; i += 16) {
		v128_t bytes = wasm_v128_load(data + i);
		v128_t high = wasm_i8x16_swizzle(table, wasm_u8x16_shr(bytes, 4));
		v128_t low = wasm_i8x16_swizzle(table, wasm_v128_and(bytes, mask));
		wasm_v128_store(text + 2 * i, wasm_i8x16_shuffle(high, low, 0, 16, 1, 17, 2, 18, 3,
								 19, 4, 20, 5, 21, 6, 22, 7, 23));
		wasm_v128_store(text + 2 * i + 16,
				wasm_i8x16_shuffle(high, low, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28,
						   13, 29, 14, 30, 15, 31));
	}
}
#else
static void encode(void)
{
	for (int i = 0; i < COUNT; i++) {
		text[2 * i] = (uint8_t)digits[data[i] >> 4];
		text[2 * i + 1] = (uint8_t)digits[data[i] & 15];
	}
}
#endif

int main(void)
{
	uint32_t seed = 1, sum = 0;
	for (int i = 0; i < COUNT; i++)
		data[i] = (uint8_t)next_number(&seed);
	for (int round = 0; round < 20000; round++) {
		encode();
		data[round % COUNT] = text[round * 7 % COUNT];
	}
	for (int i = 0; i < 2 * COUNT; i++)
		sum = sum * 31 + text[i];
	printf("%u\n", (unsigned)sum);
	return 0;
}
