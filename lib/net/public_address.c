/* SPDX-License-Identifier: Apache-2.0 */
#include "net/public_address.h"

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct network {
	uint8_t bytes[16];
	unsigned bits;
};

static const struct network special4[] = {
	{{0}, 8},	      /* this network */
	{{10}, 8},	      /* private */
	{{100, 64}, 10},      /* shared by a provider's customers */
	{{127}, 8},	      /* loopback */
	{{169, 254}, 16},     /* link; clouds' metadata */
	{{172, 16}, 12},      /* private */
	{{192, 0, 0}, 24},    /* protocol assignments */
	{{192, 0, 2}, 24},    /* documentation */
	{{192, 88, 99}, 24},  /* 6to4 relays */
	{{192, 168}, 16},     /* private */
	{{198, 18}, 15},      /* benchmarks */
	{{198, 51, 100}, 24}, /* documentation */
	{{203, 0, 113}, 24},  /* documentation */
	{{224}, 3},	      /* multicast, reserved, broadcast */
};

/* Within 2000::/3, outside of which nothing is public but the two forms of IPv4 below. */
static const struct network special6[] = {
	{{0x20, 0x01}, 23},		/* protocol assignments, Teredo */
	{{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
	{{0x20, 0x02}, 16},		/* 6to4: an IPv4 address within */
	{{0x3f, 0xff}, 20},		/* documentation */
};

static const struct network global6 = {{0x20}, 3};
static const struct network mapped4 = {{[10] = 0xff, [11] = 0xff}, 96};
static const struct network nat64 = {{0x00, 0x64, 0xff, 0x9b}, 96};

static bool is_within(const uint8_t *address, const struct network *network)
{
	for (unsigned i = 0; i < network->bits; i++)
		if ((address[i / 8] ^ network->bytes[i / 8]) & (0x80U >> (i % 8)))
			return false;
	return true;
}

static bool is_special(const uint8_t *address, const struct network *networks, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_within(address, &networks[i]))
			return true;
	return false;
}

static bool is_public4(const uint8_t *address)
{
	return !is_special(address, special4, sizeof(special4) / sizeof(special4[0]));
}

static bool is_public6(const uint8_t *address)
{
	if (is_within(address, &mapped4) || is_within(address, &nat64))
		return is_public4(address + 12);
	return is_within(address, &global6) &&
	       !is_special(address, special6, sizeof(special6) / sizeof(special6[0]));
}

bool wpkg_address_is_public(const struct sockaddr *address)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	if (address->sa_family == AF_INET) {
		memcpy(&in, address, sizeof(in));
		return is_public4((const uint8_t *)&in.sin_addr);
	}
	if (address->sa_family == AF_INET6) {
		memcpy(&in6, address, sizeof(in6));
		return is_public6(in6.sin6_addr.s6_addr);
	}
	return false;
}
