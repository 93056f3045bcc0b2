/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit.h"

#include "../../../server/attempts.h"

static struct attempts *attempts;
static struct wpkg_err err;

static void setup(void)
{
	attempts = NULL;
	ck_ok(attempts_new(&attempts, &err), err);
}

static enum wpkg_status begin(const char *user, const char *network)
{
	return attempts_begin(attempts, wpkg_str_from(user), wpkg_str_from(network), &err);
}

static void miss(const char *user, const char *network)
{
	attempts_fail(attempts, wpkg_str_from(user), wpkg_str_from(network));
}

START_TEST(what_was_right_is_known_until_it_is_forgotten)
{
	setup();
	ck_assert(!attempts_is_known(attempts, WPKG_LIT("ann:secret")));
	attempts_remember(attempts, WPKG_LIT("ann:secret"), attempts_generation(attempts));
	ck_assert(attempts_is_known(attempts, WPKG_LIT("ann:secret")));
	ck_assert(!attempts_is_known(attempts, WPKG_LIT("ann:secret2")));
	ck_assert(!attempts_is_known(attempts, WPKG_LIT("")));
	attempts_forget(attempts);
	ck_assert(!attempts_is_known(attempts, WPKG_LIT("ann:secret")));
	attempts_free(attempts);
}
END_TEST

/* The file is read anew while a password of the old one is still being checked. */
START_TEST(what_was_checked_before_it_was_forgotten_is_not_remembered)
{
	setup();
	unsigned generation = attempts_generation(attempts);
	attempts_forget(attempts);
	attempts_remember(attempts, WPKG_LIT("ann:old"), generation);
	ck_assert(!attempts_is_known(attempts, WPKG_LIT("ann:old")));
	attempts_remember(attempts, WPKG_LIT("ann:new"), attempts_generation(attempts));
	ck_assert(attempts_is_known(attempts, WPKG_LIT("ann:new")));
	attempts_free(attempts);
}
END_TEST

START_TEST(a_network_waits_after_some_wrong_ones)
{
	setup();
	for (int i = 0; i < 5; i++) {
		ck_ok(begin("ann", "192.0.2.1"), err);
		miss("ann", "192.0.2.1");
	}
	ck_ok(begin("bob", "192.0.2.1"), err);
	miss("bob", "192.0.2.1");
	ck_status(begin("cleo", "192.0.2.1"), WPKG_ELIMIT);
	ck_ok(begin("ann", "192.0.2.2"), err);
	attempts_free(attempts);
}
END_TEST

/* Guesses from many networks do not lock the user out: one a second is looked at. */
START_TEST(a_user_is_looked_at_now_and_then_whoever_guesses)
{
	char network[32];
	setup();
	for (int i = 0; i < 21; i++) {
		snprintf(network, sizeof(network), "192.0.2.%d", i);
		ck_ok(begin("ann", network), err);
		miss("ann", network);
	}
	/* Two in a row are refused, but when the second ends just between them. */
	bool is_refused = false;
	for (int i = 0; i < 5 && !is_refused; i++) {
		char first[32], second[32];
		snprintf(first, sizeof(first), "198.51.100.%d", 10 + 2 * i);
		snprintf(second, sizeof(second), "198.51.100.%d", 11 + 2 * i);
		is_refused =
			begin("ann", first) == WPKG_ELIMIT || begin("ann", second) == WPKG_ELIMIT;
	}
	ck_assert(is_refused);
	ck_ok(begin("bob", "198.51.100.2"), err);
	attempts_free(attempts);
}
END_TEST

static enum wpkg_status make_and_ask(void)
{
	struct attempts *made = NULL;
	enum wpkg_status status = attempts_new(&made, &err);
	if (status == WPKG_OK)
		status = attempts_begin(made, WPKG_LIT("a"), WPKG_LIT("b"), &err);
	attempts_free(made);
	return status;
}

START_TEST(every_failed_allocation_is_reported)
{
	unit_fail_each_allocation(make_and_ask());
}
END_TEST

UNIT_MAIN(what_was_right_is_known_until_it_is_forgotten,
	  what_was_checked_before_it_was_forgotten_is_not_remembered,
	  a_network_waits_after_some_wrong_ones, a_user_is_looked_at_now_and_then_whoever_guesses,
	  every_failed_allocation_is_reported)
