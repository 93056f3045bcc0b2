/* SPDX-License-Identifier: Apache-2.0 */
/* Calls: Fibonacci numbers by their definition. */
#include <stdio.h>

static unsigned fib(unsigned n)
{
	return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

int main(void)
{
	printf("%u\n", fib(36));
	return 0;
}
