/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit.h"

#include <stdatomic.h>
#include <unistd.h>

#include "../../../server/worker.h"

#define TASKS 200

static atomic_uint done, running, most_running, may_end;

static void work(void *user)
{
	(void)user;
	unsigned now = atomic_fetch_add(&running, 1) + 1;
	unsigned most = atomic_load(&most_running);
	while (now > most && !atomic_compare_exchange_weak(&most_running, &most, now))
		;
	usleep(1000);
	atomic_fetch_sub(&running, 1);
	atomic_fetch_add(&done, 1);
}

static void wait_for_word(void *user)
{
	(void)user;
	atomic_fetch_add(&running, 1);
	while (!atomic_load(&may_end))
		usleep(1000);
	atomic_fetch_add(&done, 1);
}

static void reset(void)
{
	done = running = most_running = may_end = 0;
}

START_TEST(each_task_runs_once_on_so_many_threads)
{
	struct wpkg_err err;
	struct workers *workers = NULL;
	static struct task tasks[TASKS];
	reset();
	ck_ok(workers_new(&workers, 4, &err), err);
	for (int i = 0; i < TASKS; i++) {
		tasks[i].run = work;
		ck_assert(workers_add(workers, &tasks[i]));
	}
	workers_close(workers);
	ck_assert_uint_eq(done, TASKS);
	ck_assert_uint_le(most_running, 4);
	ck_assert_uint_ge(most_running, 2);
	ck_assert(!workers_add(workers, &tasks[0]));
	workers_free(workers);
}
END_TEST

START_TEST(one_that_waits_does_not_hold_up_the_next)
{
	struct wpkg_err err;
	struct workers *workers = NULL;
	struct task slow = {.run = wait_for_word};
	struct task quick = {.run = work};
	reset();
	ck_ok(workers_new(&workers, 2, &err), err);
	ck_assert(workers_add(workers, &slow));
	ck_assert(workers_add(workers, &quick));
	for (int i = 0; i < 5000 && done == 0; i++)
		usleep(1000);
	ck_assert_uint_eq(done, 1);
	may_end = 1;
	workers_free(workers);
	ck_assert_uint_eq(done, 2);
}
END_TEST

static enum wpkg_status make_and_free(void)
{
	struct wpkg_err err;
	struct workers *workers = NULL;
	enum wpkg_status status = workers_new(&workers, 4, &err);
	workers_free(workers);
	return status;
}

START_TEST(every_failed_allocation_is_reported)
{
	unit_fail_each_allocation(make_and_free());
}
END_TEST

UNIT_MAIN(each_task_runs_once_on_so_many_threads, one_that_waits_does_not_hold_up_the_next,
	  every_failed_allocation_is_reported)
