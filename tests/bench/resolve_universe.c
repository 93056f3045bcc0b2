/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long the resolver takes for what a program of 10,000 packages would ask of it, and for
 * universes that are made to keep it busy: resolve_universe [PACKAGES]. Every package of the first
 * two is part of the answer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "pkg/resolve.h"

#define NEEDS 4
#define PIGEONS 9

/* Packages "p0" to "pN"; a version's needs are made when it is asked for. */
struct universe {
	struct wpkg_arena arena;
	size_t packages;
	unsigned versions;
	/* Writes what that version of the package needs; is how many. */
	size_t (*needs)(struct universe *u, struct wpkg_dependency out[NEEDS], size_t package,
			unsigned version);
};

static void out_of_memory(void)
{
	fputs("resolve_universe: no memory\n", stderr);
	exit(1);
}

static struct wpkg_str text(struct universe *u, const char *before, size_t number,
			    const char *behind)
{
	struct wpkg_str made = wpkg_arena_format(&u->arena, "%s%zu%s", before, number, behind);
	if (!made.ptr)
		out_of_memory();
	return made;
}

static struct wpkg_str name_of(struct universe *u, size_t package)
{
	return text(u, "p", package, "");
}

static enum wpkg_status find(void *state, struct wpkg_candidates *out, struct wpkg_str name,
			     struct wpkg_err *err)
{
	struct universe *u = state;
	size_t package = strtoull(name.ptr + 1, NULL, 10);
	struct wpkg_candidate *items = wpkg_arena_alloc(&u->arena, u->versions, sizeof(*items));
	(void)err;
	if (!items)
		out_of_memory();
	for (unsigned v = 0; v < u->versions; v++) {
		struct wpkg_dependency *needs = wpkg_arena_alloc(&u->arena, NEEDS, sizeof(*needs));
		if (!needs)
			out_of_memory();
		items[v].version = text(u, "", v + 1, ".0.0");
		items[v].dependencies =
			(struct wpkg_dependencies){needs, u->needs(u, needs, package, v + 1)};
	}
	*out = (struct wpkg_candidates){items, u->versions};
	return WPKG_OK;
}

/* A tree with cross links: the next two, and two far ones, at any version. */
static size_t need_any(struct universe *u, struct wpkg_dependency out[NEEDS], size_t package,
		       unsigned version)
{
	size_t count = 0;
	const size_t wanted[NEEDS] = {2 * package + 1, 2 * package + 2,
				      (package * 7919 + version) % u->packages,
				      (package * 104729 + 3) % u->packages};
	for (size_t i = 0; i < NEEDS; i++)
		if (wanted[i] > package && wanted[i] < u->packages)
			out[count++] =
				(struct wpkg_dependency){name_of(u, wanted[i]), WPKG_LIT(">=2")};
	return count;
}

/* The same, but each highest version asks for a lower one of something far: it is not chosen when
 * that is there already. */
static size_t need_lower(struct universe *u, struct wpkg_dependency out[NEEDS], size_t package,
			 unsigned version)
{
	size_t count = need_any(u, out, package, version);
	if (version == u->versions && count > 1)
		out[count - 1].requirement = WPKG_LIT("<2");
	return count;
}

/* A chain, whose end asks for what the beginning has excluded. */
static size_t need_next(struct universe *u, struct wpkg_dependency out[NEEDS], size_t package,
			unsigned version)
{
	(void)version;
	bool is_last = package + 1 == u->packages;
	out[0] = (struct wpkg_dependency){name_of(u, is_last ? 1 : package + 1),
					  is_last ? WPKG_LIT(">99") : WPKG_LIT("*")};
	return 1;
}

/* Each of the packages below PIGEONS needs a hole of its own, of which there is one less. */
static size_t need_hole(struct universe *u, struct wpkg_dependency out[NEEDS], size_t package,
			unsigned version)
{
	if (package >= PIGEONS)
		return 0;
	out[0] = (struct wpkg_dependency){name_of(u, PIGEONS + version % (PIGEONS - 1)),
					  text(u, "=", package + 1, ".0.0")};
	return 1;
}

static void measure(const char *title, struct universe *u, size_t roots)
{
	struct wpkg_err err = {0};
	struct wpkg_buf explanation;
	struct wpkg_choices choices = {0};
	const struct wpkg_resolve_source source = {u, find};
	wpkg_arena_init(&u->arena, (size_t)4 << 30);
	wpkg_buf_init(&explanation, (size_t)64 << 20);
	struct wpkg_dependency *wanted = wpkg_arena_alloc(&u->arena, roots, sizeof(*wanted));
	if (!wanted)
		out_of_memory();
	for (size_t i = 0; i < roots; i++)
		wanted[i] = (struct wpkg_dependency){name_of(u, i), WPKG_LIT("*")};
	const struct wpkg_dependencies dependencies = {wanted, roots};
	clock_t start = clock();
	enum wpkg_status status = wpkg_resolve(&choices, &u->arena, WPKG_LIT("app"), &dependencies,
					       &source, NULL, &explanation, &err);
	double ms = (double)(clock() - start) * 1e3 / CLOCKS_PER_SEC;
	if (status == WPKG_OK)
		printf("  %-46s %8.1f ms: %zu packages chosen\n", title, ms, choices.count);
	else
		printf("  %-46s %8.1f ms: %.60s, %zu bytes of explanation\n", title, ms, err.msg,
		       explanation.len);
	wpkg_buf_clear(&explanation);
	wpkg_arena_clear(&u->arena);
}

int main(int argc, char **argv)
{
	size_t packages = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000;
	struct universe any = {.packages = packages, .versions = 5, .needs = need_any};
	struct universe lower = {.packages = packages, .versions = 5, .needs = need_lower};
	struct universe chain = {.packages = packages, .versions = 5, .needs = need_next};
	struct universe holes = {
		.packages = 2 * PIGEONS, .versions = PIGEONS - 1, .needs = need_hole};
	printf("resolving, %zu packages of 5 versions, milliseconds of CPU:\n", packages);
	measure("all of them", &any, 1);
	measure("all of them, the highest in conflict", &lower, 1);
	measure("a chain that ends in a conflict", &chain, 2);
	measure("nine pigeons, eight holes", &holes, PIGEONS);
	return 0;
}
