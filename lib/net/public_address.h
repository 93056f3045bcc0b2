/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_NET_PUBLIC_ADDRESS_H
#define WPKG_NET_PUBLIC_ADDRESS_H

/*
 * Is an address one of the public Internet? What loopback, private networks, links, tests and
 * documentation have, and what leads there in another form (IPv4 in IPv6, NAT64, 6to4), is not
 * (the registries of IANA for special-purpose addresses, RFC 6890).
 */

#include <stdbool.h>
#include <sys/socket.h>

bool wpkg_address_is_public(const struct sockaddr *address);

#endif
