/* SPDX-License-Identifier: Apache-2.0 */
/* Comparisons of bytes and a branch on them: where the lines of a text end. */
#include "kernel.h"

#define SIZE (1 << 16)

static char text[SIZE + 16];

#ifdef VECTORS
static const char *find(const char *at, char c)
{
	for (v128_t wanted = wasm_i8x16_splat(c);; at += 16) {
		v128_t same = wasm_i8x16_eq(wasm_v128_load(at), wanted);
		if (wasm_v128_any_true(same))
			return at + __builtin_ctz((unsigned)wasm_i8x16_bitmask(same));
	}
}
#else
static const char *find(const char *at, char c)
{
	while (*at != c)
		at++;
	return at;
}
#endif

int main(void)
{
	uint32_t seed = 1, sum = 0;
	for (int i = 0; i < SIZE; i++)
		text[i] = (char)('a' + next_number(&seed) % 26);
	for (int i = 0; i < SIZE; i += 40 + (int)(next_number(&seed) % 400))
		text[i] = '\n';
	text[SIZE - 1] = '\n';
	for (int round = 0; round < 3000; round++)
		for (const char *at = text; at < text + SIZE; at++) {
			at = find(at, '\n');
			sum = sum * 31 + (uint32_t)(at - text);
		}
	printf("%u\n", (unsigned)sum);
	return 0;
}
