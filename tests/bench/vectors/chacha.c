/* SPDX-License-Identifier: Apache-2.0 */
/* Sums, exclusive ors, shifts and shuffles of 32 bits: ChaCha20's blocks (RFC 8439). */
#include "kernel.h"

static const uint32_t key[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574, 1, 2, 3,  4,
				 5,	     6,		 7,	     8,		 0, 9, 10, 11};

#define EACH(step, a, b, c, d) step(a, b, d, 16) step(c, d, b, 12) step(a, b, d, 8) step(c, d, b, 7)

#ifdef VECTORS
#define ROTATE(x, n) wasm_v128_or(wasm_i32x4_shl(x, n), wasm_u32x4_shr(x, 32 - (n)))
#define STEP(to, by, turned, n)                                                                    \
	to = wasm_i32x4_add(to, by);                                                               \
	turned = wasm_v128_xor(turned, to);                                                        \
	turned = ROTATE(turned, n);
#define LANES(x, n) wasm_i32x4_shuffle(x, x, n, (n + 1) % 4, (n + 2) % 4, (n + 3) % 4)

static void block(uint32_t *out, uint32_t counter)
{
	v128_t a0 = wasm_v128_load(key), b0 = wasm_v128_load(key + 4), c0 = wasm_v128_load(key + 8);
	v128_t d0 = wasm_i32x4_replace_lane(wasm_v128_load(key + 12), 0, (int)counter);
	v128_t a = a0, b = b0, c = c0, d = d0;
	for (int round = 0; round < 10; round++) {
		EACH(STEP, a, b, c, d)
		b = LANES(b, 1);
		c = LANES(c, 2);
		d = LANES(d, 3);
		EACH(STEP, a, b, c, d)
		b = LANES(b, 3);
		c = LANES(c, 2);
		d = LANES(d, 1);
	}
	wasm_v128_store(out, wasm_i32x4_add(a, a0));
	wasm_v128_store(out + 4, wasm_i32x4_add(b, b0));
	wasm_v128_store(out + 8, wasm_i32x4_add(c, c0));
	wasm_v128_store(out + 12, wasm_i32x4_add(d, d0));
}
#else
#define STEP(to, by, turned, n)                                                                    \
	s[to] += s[by];                                                                            \
	s[turned] ^= s[to];                                                                        \
	s[turned] = s[turned] << (n) | s[turned] >> (32 - (n));

static void block(uint32_t *out, uint32_t counter)
{
	uint32_t s[16];
	memcpy(s, key, sizeof(s));
	s[12] = counter;
	for (int round = 0; round < 10; round++) {
		EACH(STEP, 0, 4, 8, 12)
		EACH(STEP, 1, 5, 9, 13)
		EACH(STEP, 2, 6, 10, 14)
		EACH(STEP, 3, 7, 11, 15)
		EACH(STEP, 0, 5, 10, 15)
		EACH(STEP, 1, 6, 11, 12)
		EACH(STEP, 2, 7, 8, 13)
		EACH(STEP, 3, 4, 9, 14)
	}
	for (int i = 0; i < 16; i++)
		out[i] = s[i] + (i == 12 ? counter : key[i]);
}
#endif

int main(void)
{
	uint32_t out[16], sum = 0;
	for (uint32_t counter = 0; counter < 600000; counter++) {
		block(out, counter);
		sum = sum * 31 + out[counter % 16];
	}
	printf("%u\n", (unsigned)sum);
	return 0;
}
