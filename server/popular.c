/* SPDX-License-Identifier: Apache-2.0 */
#include "popular.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/mem.h"

#define KEPT 32 /* packages */
#define KEPT_NANOSECONDS (UINT64_C(60) * 1000000000)
#define ARENA_MAX ((size_t)1 << 20)

struct popular {
	pthread_mutex_t mutex;
	struct wpkg_arena arena; /* of the list */
	struct wpkg_needed_list list;
	uint64_t until; /* wpkg_clock_monotonic; 0: nothing is kept */
};

enum wpkg_status popular_new(struct popular **out, struct wpkg_err *err)
{
	struct popular *popular = wpkg_mem_calloc(1, sizeof(*popular));
	if (!popular)
		return WPKG_FAIL(err, WPKG_ENOMEM, "popular packages: no memory");
	pthread_mutex_init(&popular->mutex, NULL);
	wpkg_arena_init(&popular->arena, ARENA_MAX);
	*out = popular;
	return WPKG_OK;
}

void popular_free(struct popular *popular)
{
	if (!popular)
		return;
	wpkg_arena_clear(&popular->arena);
	pthread_mutex_destroy(&popular->mutex);
	wpkg_mem_free(popular);
}

static enum wpkg_status renew(struct popular *popular, struct wpkg_store *store,
			      struct wpkg_err *err)
{
	struct wpkg_needed_list list;
	struct wpkg_arena arena;
	wpkg_arena_init(&arena, ARENA_MAX);
	enum wpkg_status status = wpkg_package_most_needed(&list, &arena, store, KEPT, err);
	if (status != WPKG_OK) {
		wpkg_arena_clear(&arena);
		return status;
	}
	wpkg_arena_clear(&popular->arena);
	popular->arena = arena;
	popular->list = list;
	popular->until = wpkg_clock_monotonic() + KEPT_NANOSECONDS;
	return WPKG_OK;
}

static enum wpkg_status copy(struct wpkg_needed_list *out, struct wpkg_arena *arena,
			     const struct wpkg_needed_list *list, struct wpkg_err *err)
{
	struct wpkg_needed *items = wpkg_arena_alloc(arena, list->count + 1, sizeof(*items));
	bool good = items != NULL;
	for (size_t i = 0; good && i < list->count; i++) {
		items[i] = list->items[i];
		items[i].name = wpkg_arena_dup(arena, list->items[i].name);
		good = items[i].name.ptr != NULL;
	}
	if (!good)
		return WPKG_FAIL(err, WPKG_ENOMEM, "popular packages: no memory");
	*out = (struct wpkg_needed_list){items, list->count};
	return WPKG_OK;
}

/* Who comes while they are looked for anew waits for it: that is once a minute. */
enum wpkg_status popular_list(struct wpkg_needed_list *out, struct wpkg_arena *arena,
			      struct popular *popular, struct wpkg_store *store,
			      struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	pthread_mutex_lock(&popular->mutex);
	if (wpkg_clock_monotonic() >= popular->until)
		status = renew(popular, store, err);
	if (status == WPKG_OK)
		status = copy(out, arena, &popular->list, err);
	pthread_mutex_unlock(&popular->mutex);
	return status;
}
