/* SPDX-License-Identifier: Apache-2.0 */
#include "catch_up.h"

#include "base/mem.h"
#include "log.h"
#include "server.h"
#include "store/package.h"

#define STEP 100 /* packages in one commit: others' commits wait for it */

struct errand {
	struct task task;
	struct server *server;
};

static void run(void *user)
{
	struct errand *errand = user;
	struct wpkg_err err;
	bool done = false;
	if (!atomic_load(&errand->server->is_stopped)) {
		enum wpkg_status status =
			wpkg_packages_catch_up(&done, errand->server->store, STEP, &err);
		if (status != WPKG_OK)
			log_event("catch-up-failed", "error", err.msg);
		if (status == WPKG_OK && !done &&
		    workers_add(errand->server->pools[POOL_STORE], &errand->task))
			return;
	}
	/* What is left is taken up after the next start. */
	wpkg_mem_free(errand);
}

void catch_up_begin(struct server *server)
{
	struct errand *errand = wpkg_mem_calloc(1, sizeof(*errand));
	if (!errand)
		return;
	*errand = (struct errand){.task = {.run = run, .user = errand}, .server = server};
	if (!workers_add(server->pools[POOL_STORE], &errand->task))
		wpkg_mem_free(errand);
}
