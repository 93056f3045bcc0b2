/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_ADDRESS_H
#define WPKG_SERVER_ADDRESS_H

/* Addresses of clients as text: "192.0.2.1", "2001:db8::1". */

#include <stdbool.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/str.h"

#define ADDRESS_TEXT 48 /* bytes of an address with its NUL */

/* "" for what has none. An IPv4 address that came over an IPv6 socket is written as IPv4. */
void address_format(char out[ADDRESS_TEXT], const struct sockaddr *address);

/* The same from text in any form; false when it is no address. */
bool address_parse(char out[ADDRESS_TEXT], struct wpkg_str text);

/* Whom to count it for: the address, or of IPv6, where one client has many, its /64 network. */
void address_network(char out[ADDRESS_TEXT], const char *address);

/* WPKG_EINVAL unless it is an address, a network as 192.0.2.0/24, or a word ("local"). */
WPKG_MUST_CHECK enum wpkg_status address_check_network(struct wpkg_str network,
						       struct wpkg_err *err);

/* Is it that address, within that network, or that word? */
bool address_is_within(struct wpkg_str address, struct wpkg_str network);

#endif
