/* SPDX-License-Identifier: Apache-2.0 */
/* Rotates and sums of words in locals: SHA-256 (FIPS 180-4) over a counter. */
#include <stdint.h>
#include <stdio.h>

#define ROTATE(x, n) ((x) >> (n) | (x) << (32 - (n)))

static uint32_t constants[64], state[8];

/* The first 32 bits of the fraction of a root of n, by bisection in integers. */
static uint32_t root_bits(uint64_t n, int cubic)
{
	uint64_t low = 0, high = UINT64_C(1) << 37;
	while (high - low > 1) {
		uint64_t middle = (low + high) / 2;
		unsigned __int128 power = (unsigned __int128)middle * middle;
		unsigned __int128 want = (unsigned __int128)n << (cubic ? 96 : 64);
		if (cubic ? power > want / middle : power > want)
			high = middle;
		else
			low = middle;
	}
	return (uint32_t)low;
}

static void begin(void)
{
	int found = 0;
	for (uint64_t n = 2; found < 64; n++) {
		int prime = 1;
		for (uint64_t k = 2; k * k <= n; k++)
			prime = prime && n % k != 0;
		if (!prime)
			continue;
		if (found < 8)
			state[found] = root_bits(n, 0);
		constants[found++] = root_bits(n, 1);
	}
}

static void block(const uint32_t *words)
{
	uint32_t w[64], s[8];
	for (int i = 0; i < 8; i++)
		s[i] = state[i];
	for (int i = 0; i < 16; i++)
		w[i] = words[i];
	for (int i = 16; i < 64; i++) {
		uint32_t a = w[i - 15], b = w[i - 2];
		w[i] = w[i - 16] + w[i - 7] + (ROTATE(a, 7) ^ ROTATE(a, 18) ^ a >> 3) +
		       (ROTATE(b, 17) ^ ROTATE(b, 19) ^ b >> 10);
	}
	for (int i = 0; i < 64; i++) {
		uint32_t t = s[7] + constants[i] + w[i] + ((s[4] & s[5]) ^ (~s[4] & s[6])) +
			     (ROTATE(s[4], 6) ^ ROTATE(s[4], 11) ^ ROTATE(s[4], 25));
		uint32_t u = (ROTATE(s[0], 2) ^ ROTATE(s[0], 13) ^ ROTATE(s[0], 22)) +
			     ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
		for (int k = 7; k > 0; k--)
			s[k] = s[k - 1];
		s[4] += t;
		s[0] = t + u;
	}
	for (int i = 0; i < 8; i++)
		state[i] += s[i];
}

int main(void)
{
	uint32_t words[16] = {0};
	begin();
	for (uint32_t n = 0; n < 120000; n++) {
		words[n % 16] += n * 2654435761U;
		block(words);
	}
	for (int i = 0; i < 8; i++)
		printf("%08x", (unsigned)state[i]);
	puts("");
	return 0;
}
