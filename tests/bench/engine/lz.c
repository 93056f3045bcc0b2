/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes looked up and copied: a compressor that finds repetitions, and its inverse. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define SIZE (1 << 20)
#define HASHES 4096

static uint8_t text[SIZE], packed[SIZE * 2], again[SIZE];
static uint32_t last[HASHES];

/* A byte below 128 announces so many literals; else a match of that less 124, two bytes back. */
static uint32_t literals(uint32_t out, uint32_t from, uint32_t to)
{
	while (from < to) {
		uint32_t count = to - from < 127 ? to - from : 127;
		packed[out++] = (uint8_t)count;
		memcpy(packed + out, text + from, count);
		out += count;
		from += count;
	}
	return out;
}

static uint32_t pack(void)
{
	uint32_t out = 0, start = 0, at = 0;
	memset(last, 0xff, sizeof(last));
	while (at + 4 < SIZE) {
		uint32_t word = (uint32_t)text[at] | (uint32_t)text[at + 1] << 8 |
				(uint32_t)text[at + 2] << 16 | (uint32_t)text[at + 3] << 24;
		uint32_t *slot = &last[(word * 2654435761U) >> 20], from = *slot, length = 0;
		*slot = at;
		if (from < at && at - from < 65536)
			while (length < 131 && at + length < SIZE &&
			       text[from + length] == text[at + length])
				length++;
		if (length < 4) {
			at++;
			continue;
		}
		out = literals(out, start, at);
		packed[out++] = (uint8_t)(length + 124);
		packed[out++] = (uint8_t)(at - from);
		packed[out++] = (uint8_t)((at - from) >> 8);
		start = at += length;
	}
	return literals(out, start, SIZE);
}

static uint32_t unpack(uint32_t size)
{
	uint32_t at = 0;
	for (uint32_t i = 0; i < size;) {
		uint32_t code = packed[i++];
		if (code < 128) {
			memcpy(again + at, packed + i, code);
			at += code;
			i += code;
			continue;
		}
		uint32_t back = packed[i] | (uint32_t)packed[i + 1] << 8;
		i += 2;
		for (uint32_t k = 0; k < code - 124; k++, at++)
			again[at] = again[at - back];
	}
	return at;
}

int main(void)
{
	uint32_t random = 3, sum = 0;
	for (int round = 0; round < 10; round++) {
		for (uint32_t i = 0; i < SIZE; i++) {
			random = random * 1664525 + 1013904223;
			text[i] = i > 64 && random >> 28 ? text[i - 29 - (random >> 24) % 3]
							 : (uint8_t)(random >> 16);
		}
		uint32_t size = pack();
		sum = sum * 31 + size + (unpack(size) == SIZE && memcmp(text, again, SIZE) == 0);
	}
	printf("%u\n", (unsigned)sum);
	return 0;
}
