/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_LISTEN_H
#define WPKG_SERVER_LISTEN_H

/* The socket that is listened on: one of our own, or systemd's (sd_listen_fds(3)). */

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct listener {
	int socket;	  /* the caller's */
	uint16_t port;	  /* that it is bound to */
	bool is_loopback; /* nobody else can reach it */
};

/* WPKG_EINVAL for what none of the others would take. */
WPKG_MUST_CHECK enum wpkg_status listen_check(const char *address, struct wpkg_err *err);

/* address: "127.0.0.1:8080", "[::1]:8080"; port 0 is a free one. */
WPKG_MUST_CHECK enum wpkg_status listen_bind(struct listener *out, const char *address,
					     struct wpkg_err *err);

/* The same, unless systemd hands a socket over: then that one. */
WPKG_MUST_CHECK enum wpkg_status listen_open(struct listener *out, const char *address,
					     struct wpkg_err *err);

/*
 * A connection to what listens there, with seconds for each step of what is done with it. The
 * caller's, to be closed. An address that stands for all of this machine's is its loopback.
 */
WPKG_MUST_CHECK enum wpkg_status listen_connect(int *out, const char *address, unsigned seconds,
						struct wpkg_err *err);

/* Tells systemd a state, such as "READY=1"; does nothing where nobody asks (sd_notify(3)). */
void listen_notify(const char *state);

#endif
