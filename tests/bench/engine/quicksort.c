/* SPDX-License-Identifier: Apache-2.0 */
/* Words in memory, compared and exchanged; recursion. */
#include <stdint.h>
#include <stdio.h>

#define N 1000000

static int32_t items[N];

static void sort(int32_t *at, int count)
{
	while (count > 12) {
		int32_t pivot = at[count / 2];
		int low = 0, high = count - 1;
		while (low <= high) {
			while (at[low] < pivot)
				low++;
			while (at[high] > pivot)
				high--;
			if (low <= high) {
				int32_t item = at[low];
				at[low++] = at[high];
				at[high--] = item;
			}
		}
		sort(at, high + 1);
		at += low;
		count -= low;
	}
	for (int i = 1; i < count; i++) {
		int32_t item = at[i];
		int k = i;
		for (; k > 0 && at[k - 1] > item; k--)
			at[k] = at[k - 1];
		at[k] = item;
	}
}

int main(void)
{
	uint32_t random = 1, sum = 0;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < N; i++) {
			random = random * 1664525 + 1013904223;
			items[i] = (int32_t)random;
		}
		sort(items, N);
		for (int i = 0; i < N; i++)
			sum = sum * 31 + (uint32_t)items[i] + (i > 0 && items[i] < items[i - 1]);
	}
	printf("%u\n", (unsigned)sum);
	return 0;
}
