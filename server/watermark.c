/* SPDX-License-Identifier: Apache-2.0 */
#include "watermark.h"

#include "log.h"
#include "server.h"

static void log_state(enum disk_state state, uint64_t space)
{
	static const char *const events[] = {
		[DISK_ENOUGH] = "disk-enough", [DISK_LOW] = "disk-low", [DISK_FULL] = "disk-full"};
	struct log_line line;
	log_begin(&line, events[state]);
	log_number(&line, "bytes", space > INT64_MAX ? INT64_MAX : (int64_t)space);
	log_end(&line);
}

enum disk_state watermark_look(uint64_t *space, struct server *server)
{
	enum disk_state state = DISK_ENOUGH;
	uint64_t left = UINT64_MAX;
	/* A disk that does not answer is not for this to say. */
	if (wpkg_store_space(&left, server->store, NULL) != WPKG_OK)
		left = UINT64_MAX;
	if (left < server->config.keep_free)
		state = DISK_FULL;
	else if (left < atomic_load(&server->limits.warn_free))
		state = DISK_LOW;
	if (atomic_exchange(&server->watermark.state, (int)state) != (int)state)
		log_state(state, left);
	if (space)
		*space = left;
	return state;
}
