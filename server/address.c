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

/* Bytes of an address, and how many; 0 for what is none. */
static size_t parse_bytes(uint8_t out[16], struct wpkg_str text)
{
	char copy[ADDRESS_TEXT];
	if (text.len == 0 || text.len >= sizeof(copy))
		return 0;
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	if (inet_pton(AF_INET, copy, out) == 1)
		return 4;
	return inet_pton(AF_INET6, copy, out) == 1 ? 16 : 0;
}

/* "ADDRESS/BITS", or an address alone. */
static bool parse_network(uint8_t out[16], size_t *size, uint64_t *bits, struct wpkg_str text)
{
	size_t slash = wpkg_str_find(text, '/');
	*size = parse_bytes(out, wpkg_str_slice(text, 0, slash));
	*bits = *size * 8;
	return *size > 0 && (slash == text.len ||
			     (wpkg_str_parse_u64(wpkg_str_from_offset(text, slash + 1), bits) &&
			      *bits <= *size * 8));
}

enum wpkg_status address_check_network(struct wpkg_str network, struct wpkg_err *err)
{
	uint8_t bytes[16];
	size_t size;
	uint64_t bits;
	if (parse_network(bytes, &size, &bits, network) || wpkg_str_equal_text(network, "local"))
		return WPKG_OK;
	return WPKG_FAIL(err, WPKG_EINVAL, "'%.*s' is no address or network",
			 WPKG_STR_ARG(network));
}

bool address_is_within(struct wpkg_str address, struct wpkg_str network)
{
	uint8_t is[16], of[16];
	size_t size;
	uint64_t bits;
	if (!parse_network(of, &size, &bits, network) || parse_bytes(is, address) != size)
		return wpkg_str_equal(address, network);
	for (uint64_t i = 0; i < bits; i++)
		if ((is[i / 8] ^ of[i / 8]) & (0x80U >> (i % 8)))
			return false;
	return true;
}
