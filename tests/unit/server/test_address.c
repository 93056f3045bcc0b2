/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "../../../server/address.h"

static const char *parsed(const char *text)
{
	static char out[ADDRESS_TEXT];
	return address_parse(out, wpkg_str_from(text)) ? out : "none";
}

static const char *network(const char *address)
{
	static char out[ADDRESS_TEXT];
	address_network(out, address);
	return out;
}

START_TEST(an_address_has_one_spelling)
{
	ck_assert_str_eq(parsed("192.0.2.1"), "192.0.2.1");
	ck_assert_str_eq(parsed("2001:DB8:0:0::1"), "2001:db8::1");
	ck_assert_str_eq(parsed("::ffff:192.0.2.1"), "192.0.2.1");
	const char *none[] = {"",	    "192.0.2", "192.0.2.1:80", "[::1]",	      "localhost",
			      "192.0.2.1 ", "::g",     "192.0.2.256",  "fe80::1%eth0"};
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		ck_assert_str_eq(parsed(none[i]), "none");
}
END_TEST

START_TEST(a_text_that_is_too_long_is_none)
{
	char text[200];
	memset(text, '1', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert_str_eq(parsed(text), "none");
}
END_TEST

START_TEST(an_ipv4_client_of_an_ipv6_socket_is_an_ipv4_client)
{
	char out[ADDRESS_TEXT];
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	struct sockaddr_in in = {.sin_family = AF_INET};
	ck_assert_int_eq(inet_pton(AF_INET6, "::ffff:192.0.2.7", &in6.sin6_addr), 1);
	address_format(out, (const struct sockaddr *)&in6);
	ck_assert_str_eq(out, "192.0.2.7");
	ck_assert_int_eq(inet_pton(AF_INET, "192.0.2.8", &in.sin_addr), 1);
	address_format(out, (const struct sockaddr *)&in);
	ck_assert_str_eq(out, "192.0.2.8");
	address_format(out, NULL);
	ck_assert_str_eq(out, "");
}
END_TEST

START_TEST(an_ipv6_client_counts_by_its_network)
{
	ck_assert_str_eq(network("192.0.2.1"), "192.0.2.1");
	ck_assert_str_eq(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
	ck_assert_str_eq(network("2001:db8:1:2:ffff::1"), "2001:db8:1:2::");
	ck_assert_str_eq(network(""), "");
}
END_TEST

static bool is_within(const char *address, const char *network)
{
	return address_is_within(wpkg_str_from(address), wpkg_str_from(network));
}

START_TEST(a_network_covers_its_addresses)
{
	struct wpkg_err err;
	ck_assert(is_within("192.0.2.7", "192.0.2.0/24"));
	ck_assert(!is_within("192.0.3.7", "192.0.2.0/24"));
	ck_assert(is_within("192.0.2.129", "192.0.2.128/25"));
	ck_assert(!is_within("192.0.2.127", "192.0.2.128/25"));
	ck_assert(is_within("192.0.2.7", "0.0.0.0/0"));
	ck_assert(!is_within("2001:db8::1", "0.0.0.0/0"));
	ck_assert(is_within("2001:db8::1", "2001:db8::/32"));
	ck_assert(is_within("2001:db8::1", "2001:0db8::0001"));
	ck_assert(is_within("local", "local"));
	ck_assert(!is_within("", "0.0.0.0/0"));
	ck_ok(address_check_network(WPKG_LIT("192.0.2.0/24"), &err), err);
	ck_ok(address_check_network(WPKG_LIT("local"), &err), err);
	ck_status(address_check_network(WPKG_LIT("192.0.2.0/33"), &err), WPKG_EINVAL);
	ck_status(address_check_network(WPKG_LIT("192.0.2"), &err), WPKG_EINVAL);
	ck_status(address_check_network(WPKG_LIT(""), &err), WPKG_EINVAL);
}
END_TEST

UNIT_MAIN(an_address_has_one_spelling, a_text_that_is_too_long_is_none,
	  an_ipv4_client_of_an_ipv6_socket_is_an_ipv4_client, an_ipv6_client_counts_by_its_network,
	  a_network_covers_its_addresses)
