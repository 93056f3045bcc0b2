/* SPDX-License-Identifier: Apache-2.0 */
#include "address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static void format_in6(char out[ADDRESS_TEXT], const struct in6_addr *address)
{
	if (IN6_IS_ADDR_V4MAPPED(address))
		inet_ntop(AF_INET, &address->s6_addr[12], out, ADDRESS_TEXT);
	else
		inet_ntop(AF_INET6, address, out, ADDRESS_TEXT);
}

void address_format(char out[ADDRESS_TEXT], const struct sockaddr *address)
{
	out[0] = '\0';
	if (address && address->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr,
			  out, ADDRESS_TEXT);
	else if (address && address->sa_family == AF_INET6)
		format_in6(out, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
}

bool address_parse(char out[ADDRESS_TEXT], struct wpkg_str text)
{
	char copy[ADDRESS_TEXT];
	struct in_addr in;
	struct in6_addr in6;
	if (text.len == 0 || text.len >= sizeof(copy))
		return false;
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	if (inet_pton(AF_INET, copy, &in) == 1)
		return inet_ntop(AF_INET, &in, out, ADDRESS_TEXT) != NULL;
	if (inet_pton(AF_INET6, copy, &in6) != 1)
		return false;
	format_in6(out, &in6);
	return true;
}

void address_network(char out[ADDRESS_TEXT], const char *address)
{
	struct in6_addr in6;
	if (inet_pton(AF_INET6, address, &in6) == 1) {
		memset(&in6.s6_addr[8], 0, 8);
		inet_ntop(AF_INET6, &in6, out, ADDRESS_TEXT);
	} else {
		snprintf(out, ADDRESS_TEXT, "%s", address);
	}
}
