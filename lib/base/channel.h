/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_BASE_CHANNEL_H
#define WPKG_BASE_CHANNEL_H

/*
 * A channel between two processes of one machine: messages with a kind, bytes and open descriptors
 * over a connected Unix stream socket. Neither end needs to trust the other: the receiver says how
 * many bytes and descriptors it takes and how long it waits, and what is beyond that is never kept.
 *
 *   0..3    kind     in the machine's byte order, which is that of both ends
 *   4..7    length
 *   8..     bytes
 *
 * Descriptors ride on the first byte. An end belongs to one thread at a time.
 *
 * Status of sending and receiving: WPKG_ENOTFOUND when the other end is gone, WPKG_EBUSY when the
 * deadline (of wpkg_clock_monotonic; 0: none) passes, WPKG_EIO. After any failure the channel is of
 * no more use.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define WPKG_MESSAGE_FDS 2

/* Two connected ends, closed by exec. */
WPKG_MUST_CHECK enum wpkg_status wpkg_channel_pair(int out[2], struct wpkg_err *err);

struct wpkg_message {
	uint32_t kind;
	struct wpkg_str bytes;	   /* at most UINT32_MAX of them */
	int fds[WPKG_MESSAGE_FDS]; /* stay the sender's; become the receiver's, closed by exec */
	size_t fd_count;
};

WPKG_MUST_CHECK enum wpkg_status wpkg_channel_send(int channel, const struct wpkg_message *message,
						   uint64_t deadline, struct wpkg_err *err);

/*
 * The next message, its bytes in the buffer, which is reset and whose maximum bounds them:
 * WPKG_ELIMIT beyond. Descriptors above fds_max are closed unseen: WPKG_EFORMAT.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_channel_receive(struct wpkg_message *out,
						      struct wpkg_buf *bytes, int channel,
						      size_t fds_max, uint64_t deadline,
						      struct wpkg_err *err);

/* Closes the descriptors of a received message. */
void wpkg_message_close(struct wpkg_message *message);

#endif
