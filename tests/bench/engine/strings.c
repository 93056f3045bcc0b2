/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation, strings and pointers: a table of words and how often each was seen. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 16384

struct entry {
	struct entry *next;
	unsigned count;
	char word[];
};

static struct entry *buckets[BUCKETS];

static uint32_t hash(const char *word)
{
	uint32_t h = 2166136261U;
	for (; *word; word++)
		h = (h ^ (unsigned char)*word) * 16777619U;
	return h;
}

static void count(const char *word)
{
	struct entry **at = &buckets[hash(word) % BUCKETS];
	for (; *at; at = &(*at)->next)
		if (strcmp((*at)->word, word) == 0)
			break;
	if (!*at) {
		*at = malloc(sizeof(**at) + strlen(word) + 1);
		(*at)->next = NULL;
		(*at)->count = 0;
		strcpy((*at)->word, word);
	}
	(*at)->count++;
}

int main(void)
{
	uint32_t random = 7, sum = 0;
	for (int i = 0; i < 900000; i++) {
		char word[16];
		random = random * 1664525 + 1013904223;
		uint32_t number = (random >> 8) % 40000, at = 0;
		for (; number; number /= 13)
			word[at++] = (char)('a' + number % 13);
		memcpy(word + at, "-word", 6);
		count(word);
	}
	for (int i = 0; i < BUCKETS; i++)
		for (struct entry *e = buckets[i]; e; e = e->next)
			sum = sum * 31 + e->count * hash(e->word);
	printf("%u\n", (unsigned)sum);
	return 0;
}
