/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes in order and in steps: primes by Eratosthenes' sieve. */
#include <stdio.h>
#include <string.h>

#define LIMIT 2000000

static unsigned char composite[LIMIT];

int main(void)
{
	unsigned primes = 0;
	for (int round = 0; round < 12; round++) {
		memset(composite, 0, sizeof(composite));
		for (unsigned i = 2; i < LIMIT; i++) {
			if (composite[i])
				continue;
			primes++;
			for (unsigned k = i * 2; k < LIMIT; k += i)
				composite[k] = 1;
		}
	}
	printf("%u\n", primes);
	return 0;
}
