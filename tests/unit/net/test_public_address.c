/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit.h"

#include <arpa/inet.h>
#include <string.h>

#include "net/public_address.h"

static bool is_public(const char *text)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
		return wpkg_address_is_public((const struct sockaddr *)&in);
	ck_assert_int_eq(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
	return wpkg_address_is_public((const struct sockaddr *)&in6);
}

START_TEST(addresses_of_the_internet_are_public)
{
	static const char *const all[] = {"1.1.1.1",	     "9.255.255.255",	"11.0.0.0",
					  "100.63.255.255",  "100.128.0.0",	"126.255.255.255",
					  "128.0.0.1",	     "169.253.255.255", "172.15.0.1",
					  "172.32.0.1",	     "192.167.255.1",	"192.169.0.1",
					  "198.17.0.1",	     "198.20.0.1",	"223.255.255.255",
					  "2606:4700::1111", "2a00:1450::1",	"2001:4860::8888",
					  "2001:200::1",     "::ffff:1.1.1.1",	"64:ff9b::101:101"};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		ck_assert_msg(is_public(all[i]), "%s", all[i]);
}
END_TEST

START_TEST(all_others_are_not)
{
	static const char *const all[] = {"0.0.0.0",
					  "0.1.2.3",
					  "10.0.0.1",
					  "10.255.255.255",
					  "100.64.0.1",
					  "100.127.255.255",
					  "127.0.0.1",
					  "127.255.255.255",
					  "169.254.169.254",
					  "172.16.0.1",
					  "172.31.255.255",
					  "192.0.0.8",
					  "192.0.2.1",
					  "192.168.0.1",
					  "198.18.0.1",
					  "198.19.255.255",
					  "198.51.100.1",
					  "203.0.113.1",
					  "224.0.0.1",
					  "240.0.0.1",
					  "255.255.255.255",
					  "::",
					  "::1",
					  "::127.0.0.1",
					  "::ffff:127.0.0.1",
					  "::ffff:10.0.0.1",
					  "64:ff9b::7f00:1",
					  "64:ff9b:1::1",
					  "100::1",
					  "fe80::1",
					  "fc00::1",
					  "fd12::1",
					  "ff02::1",
					  "2001::1",
					  "2001:db8::1",
					  "2002:7f00:1::1",
					  "3fff::1",
					  "4000::1"};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		ck_assert_msg(!is_public(all[i]), "%s", all[i]);
}
END_TEST

START_TEST(what_is_no_address_is_not_public)
{
	const struct sockaddr address = {.sa_family = AF_UNIX};
	ck_assert(!wpkg_address_is_public(&address));
}
END_TEST

UNIT_MAIN(addresses_of_the_internet_are_public, all_others_are_not,
	  what_is_no_address_is_not_public)
