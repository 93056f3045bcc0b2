/* SPDX-License-Identifier: Apache-2.0 */
/* Is the server alive, and can it serve. */
#include "health.h"

#include "server.h"

void health_get(struct request *request)
{
	respond_text(request, 200, "application/json",
		     WPKG_LIT("{\"status\":\"OK\",\"version\":\"" WPKG_VERSION "\"}"));
}

/* With little room it is ready all the same: reading goes on, and would go nowhere else. */
static void respond_ready(struct request *request)
{
	static const char *const words[] = {[DISK_LOW] = "the disk is low",
					    [DISK_FULL] = "the disk is full: nothing is pushed"};
	uint64_t space;
	enum disk_state state = watermark_look(&space, request->server);
	respond_text(request, 200, "text/plain; charset=utf-8", WPKG_LIT("ready\n"));
	if (state != DISK_ENOUGH)
		wpkg_buf_append_format(&request->response.body, "%s (%llu bytes)\n", words[state],
				       (unsigned long long)space);
}

void health_ready(struct request *request)
{
	struct wpkg_err err;
	if (atomic_load(&request->server->is_ending))
		respond_refusal(request, 503, "ending");
	else if (wpkg_store_check(request->server->store, &err) != WPKG_OK)
		respond_refusal(request, 503, "%s", err.msg);
	else
		respond_ready(request);
}
