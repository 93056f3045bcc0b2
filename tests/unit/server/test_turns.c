/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit.h"

#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "../../../server/turns.h"

static struct turns turns;

/* Somebody who waits on a thread of his own, and writes his name down when it is his turn. */
struct person {
	pthread_t thread;
	struct turn turn;
	const char *user;
	enum wpkg_status status;
};

static pthread_mutex_t log_mutex = PTHREAD_MUTEX_INITIALIZER;
static char order[64];

static void *wait_for_turn(void *data)
{
	struct person *person = data;
	struct wpkg_err err;
	person->status = turns_take(&turns, &person->turn, wpkg_str_from(person->user), &err);
	if (person->status != WPKG_OK)
		return NULL;
	pthread_mutex_lock(&log_mutex);
	strcat(order, person->user);
	pthread_mutex_unlock(&log_mutex);
	return NULL;
}

static void await_count(const unsigned *count, unsigned wanted)
{
	for (unsigned i = 0; i < 5000; i++) {
		pthread_mutex_lock(&turns.mutex);
		unsigned now = *count;
		pthread_mutex_unlock(&turns.mutex);
		if (now == wanted)
			return;
		usleep(1000);
	}
	ck_abort_msg("waited in vain for %u", wanted);
}

/* Each stands in the line before the next one comes. */
static void line_up(struct person *people, const char *const *users, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		people[i] = (struct person){.user = users[i]};
		ck_assert_int_eq(pthread_create(&people[i].thread, NULL, wait_for_turn, &people[i]),
				 0);
		await_count(&turns.waiting, i + 1);
	}
}

static void open_turns(unsigned most, unsigned waiting)
{
	struct wpkg_err err;
	order[0] = '\0';
	ck_ok(turns_init(&turns, most, waiting, &err), err);
}

static void await_order(size_t length)
{
	for (unsigned i = 0; i < 5000; i++) {
		pthread_mutex_lock(&log_mutex);
		size_t now = strlen(order);
		pthread_mutex_unlock(&log_mutex);
		if (now >= length)
			return;
		usleep(1000);
	}
	ck_abort_msg("waited in vain: %s", order);
}

static void end(struct person *people, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		ck_assert_int_eq(pthread_join(people[i].thread, NULL), 0);
	turns_clear(&turns);
}

START_TEST(who_comes_first_is_served_first)
{
	struct turn mine;
	struct wpkg_err err;
	struct person people[3];
	static const char *const users[] = {"a", "b", "c"};
	open_turns(1, 10);
	ck_ok(turns_take(&turns, &mine, WPKG_LIT("me"), &err), err);
	line_up(people, users, 3);
	turns_give(&turns, &mine);
	for (unsigned i = 0; i < 3; i++) {
		await_order(i + 1);
		turns_give(&turns, &people[i].turn);
	}
	ck_assert_str_eq(order, "abc");
	end(people, 3);
}
END_TEST

START_TEST(a_user_with_nothing_running_goes_first)
{
	struct turn mine[2];
	struct wpkg_err err;
	struct person people[4];
	static const char *const users[] = {"a", "a", "a", "b"};
	open_turns(2, 10);
	ck_ok(turns_take(&turns, &mine[0], WPKG_LIT("a"), &err), err);
	ck_ok(turns_take(&turns, &mine[1], WPKG_LIT("x"), &err), err);
	line_up(people, users, 4);
	turns_give(&turns, &mine[1]);
	await_order(1);
	/* "a" came three times before "b", but has one running. */
	ck_assert_str_eq(order, "b");
	turns_give(&turns, &mine[0]);
	await_order(2);
	ck_assert_str_eq(order, "ba");
	turns_give(&turns, &people[3].turn);
	await_order(3);
	turns_give(&turns, &people[0].turn);
	await_order(4);
	ck_assert_str_eq(order, "baaa");
	turns_give(&turns, &people[1].turn);
	turns_give(&turns, &people[2].turn);
	end(people, 4);
}
END_TEST

START_TEST(no_more_run_than_may)
{
	struct turn mine[3];
	struct wpkg_err err;
	open_turns(3, 1);
	for (unsigned i = 0; i < 3; i++)
		ck_ok(turns_take(&turns, &mine[i], WPKG_LIT("a"), &err), err);
	struct person person;
	static const char *const users[] = {"b"};
	line_up(&person, users, 1);
	usleep(20000);
	ck_assert_str_eq(order, "");
	struct turn late;
	ck_status(turns_take(&turns, &late, WPKG_LIT("c"), &err), WPKG_EBUSY);
	turns_give(&turns, &mine[1]);
	await_order(1);
	turns_give(&turns, &mine[0]);
	turns_give(&turns, &mine[2]);
	turns_give(&turns, &person.turn);
	end(&person, 1);
}
END_TEST

static unsigned inside;
static bool went_wrong;

static void *take_and_give(void *data)
{
	for (unsigned i = 0; i < 300; i++) {
		struct turn turn;
		struct wpkg_err err;
		bool taken = turns_take(&turns, &turn, wpkg_str_from(data), &err) == WPKG_OK;
		if (!taken || __atomic_add_fetch(&inside, 1, __ATOMIC_SEQ_CST) > 2)
			__atomic_store_n(&went_wrong, true, __ATOMIC_SEQ_CST);
		if (!taken)
			continue;
		sched_yield();
		__atomic_sub_fetch(&inside, 1, __ATOMIC_SEQ_CST);
		turns_give(&turns, &turn);
	}
	return NULL;
}

START_TEST(many_threads_take_turns)
{
	pthread_t threads[8];
	char user[] = "u";
	/* A user may have half of the line, and six of these can be in it at once. */
	open_turns(2, 16);
	for (unsigned i = 0; i < 8; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, take_and_give, user), 0);
	for (unsigned i = 0; i < 8; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	ck_assert(!went_wrong);
	ck_assert_uint_eq(turns.running, 0);
	ck_assert_uint_eq(turns.waiting, 0);
	turns_clear(&turns);
}
END_TEST

START_TEST(who_waits_when_they_are_closed_gets_none)
{
	struct wpkg_err err;
	struct turn first, late;
	struct person people[3];
	const char *const users[] = {"a", "b", "c"};
	open_turns(1, 8);
	ck_ok(turns_take(&turns, &first, WPKG_LIT("x"), &err), err);
	line_up(people, users, 3);
	turns_close(&turns);
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_int_eq(pthread_join(people[i].thread, NULL), 0);
		ck_assert_int_eq(people[i].status, WPKG_EBUSY);
	}
	turns_give(&turns, &first);
	ck_status(turns_take(&turns, &late, WPKG_LIT("x"), &err), WPKG_EBUSY);
	ck_assert_uint_eq(turns.waiting, 0);
	ck_assert_str_eq(order, "");
	turns_clear(&turns);
}
END_TEST

START_TEST(one_user_has_half_of_the_places_to_wait_in)
{
	struct turn mine, one_more;
	struct wpkg_err err;
	struct person people[3];
	static const char *const users[] = {"a", "a", "b"};
	open_turns(1, 4);
	ck_ok(turns_take(&turns, &mine, WPKG_LIT("a"), &err), err);
	line_up(people, users, 3);
	ck_status(turns_take(&turns, &one_more, WPKG_LIT("a"), &err), WPKG_EBUSY);
	ck_assert_str_eq(err.msg, "2 versions of yours wait to be checked, try again later");
	turns_give(&turns, &mine);
	for (unsigned i = 0; i < 3; i++) {
		await_order(i + 1);
		turns_give(&turns, &people[i].turn);
	}
	end(people, 3);
}
END_TEST

UNIT_MAIN(one_user_has_half_of_the_places_to_wait_in, who_comes_first_is_served_first,
	  a_user_with_nothing_running_goes_first, no_more_run_than_may, many_threads_take_turns,
	  who_waits_when_they_are_closed_gets_none)
