/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_BENCH_WORDS_H
#define WPKG_BENCH_WORDS_H

/* What generated packages are called and say of themselves: the same for the same number, so that
 * whoever measures knows what whoever fills has written. */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

static const char *const words[] = {
	"abacus",  "adapter", "agent",	  "alloy",   "amber",	 "anchor",  "archive", "array",
	"atlas",   "audio",   "badge",	  "balance", "barrel",	 "basalt",  "beacon",  "binary",
	"blend",   "block",   "bloom",	  "border",  "bottle",	 "branch",  "bridge",  "bucket",
	"buffer",  "bundle",  "cable",	  "cache",   "canvas",	 "carbon",  "cargo",   "castle",
	"cedar",   "channel", "chart",	  "cipher",  "circuit",	 "client",  "clock",   "cloud",
	"cobalt",  "codec",   "comet",	  "compass", "compress", "console", "convert", "copper",
	"coral",   "counter", "crate",	  "crystal", "curve",	 "daemon",  "decode",  "delta",
	"desert",  "digest",  "domain",	  "driver",  "echo",	 "editor",  "element", "ember",
	"encode",  "engine",  "event",	  "fabric",  "falcon",	 "feature", "filter",  "flame",
	"flow",	   "forest",  "format",	  "fossil",  "frame",	 "galaxy",  "gamma",   "garden",
	"gateway", "glacier", "grain",	  "graph",   "gravel",	 "grid",    "hammer",  "handler",
	"harbor",  "hash",    "header",	  "helper",  "hollow",	 "hybrid",  "image",   "index",
	"input",   "island",  "ivory",	  "jacket",  "json",	 "jungle",  "kernel",  "ladder",
	"lantern", "layer",   "ledger",	  "lens",    "library",	 "light",   "linker",  "logger",
	"lumen",   "magnet",  "manual",	  "maple",   "marble",	 "matrix",  "meadow",  "memory",
	"mesh",	   "metric",  "mirror",	  "module",  "monitor",	 "nebula",  "needle",  "network",
	"nickel",  "node",    "number",	  "object",  "ocean",	 "office",  "onyx",    "orbit",
	"orchid",  "output",  "oxide",	  "packet",  "paint",	 "panel",   "parser",  "patch",
	"pebble",  "pepper",  "pilot",	  "pixel",   "planet",	 "plugin",  "pocket",  "point",
	"policy",  "portal",  "prism",	  "proxy",   "pulse",	 "quartz",  "query",   "queue",
	"radar",   "random",  "reader",	  "record",  "relay",	 "render",  "resolve", "ribbon",
	"river",   "robot",   "rocket",	  "router",  "saddle",	 "sample",  "scale",   "schema",
	"script",  "search",  "sensor",	  "server",  "shadow",	 "signal",  "silver",  "socket",
	"solver",  "source",  "spark",	  "spiral",  "stack",	 "static",  "steel",   "stone",
	"storage", "stream",  "string",	  "studio",  "summit",	 "switch",  "symbol",  "syntax",
	"table",   "target",  "template", "tensor",  "text",	 "thread",  "timber",  "token",
	"tower",   "trace",   "tunnel",	  "union",   "unit",	 "update",  "valley",  "value",
	"vector",  "velvet",  "video",	  "viewer",  "violet",	 "vision",  "walnut",  "widget",
	"window",  "winter",  "wire",	  "worker",  "writer",	 "yarn",    "yellow",  "zenith",
	"zephyr",  "zinc",
};

#define WORDS (sizeof(words) / sizeof(words[0]))

static inline uint64_t mix(uint64_t number)
{
	number += 0x9e3779b97f4a7c15ULL;
	number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9ULL;
	number = (number ^ (number >> 27)) * 0x94d049bb133111ebULL;
	return number ^ (number >> 31);
}

/* Some words are everywhere and most are rare, as in any language. */
static inline const char *word_of(uint64_t random)
{
	double share = (double)(random % 1000003) / 1000003.0;
	return words[(size_t)(share * share * (double)WORDS)];
}

#define BENCH_NAME 128

/* "example.com/amber/json-reader-77" */
static inline void bench_name(char out[BENCH_NAME], uint64_t number)
{
	uint64_t random = mix(number);
	snprintf(out, BENCH_NAME, "example.com/%s%llu/%s-%s-%llu", words[random % WORDS],
		 (unsigned long long)(random >> 20) % 10, word_of(random >> 8),
		 word_of(random >> 32), (unsigned long long)number);
}

#define BENCH_DESCRIPTION 256

static inline void bench_description(char out[BENCH_DESCRIPTION], uint64_t number)
{
	uint64_t random = mix(number ^ 0x5555);
	size_t count = 5 + random % 6;
	size_t at = 0;
	for (size_t i = 0; i < count; i++)
		at += (size_t)snprintf(out + at, BENCH_DESCRIPTION - at, "%s%s", i > 0 ? " " : "",
				       word_of(mix(random + i)));
}

#endif
