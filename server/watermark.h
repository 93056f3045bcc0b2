/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_WATERMARK_H
#define WPKG_SERVER_WATERMARK_H

/*
 * How full the disk is. Below warn-free it is said, in the log, by /readyz and in the metrics;
 * below keep-free nothing is pushed any more (507), and everything else goes on.
 */

#include <stdatomic.h>
#include <stdint.h>

struct server;

enum disk_state { DISK_ENOUGH, DISK_LOW, DISK_FULL };

/* One per server; the zero value is right. */
struct watermark {
	atomic_int state; /* enum disk_state, as the log said last */
};

/* Looks at the disk; a change is logged. *space, which may be NULL, is what is left; UINT64_MAX
 * when the disk does not say. */
enum disk_state watermark_look(uint64_t *space, struct server *server);

#endif
