/* SPDX-License-Identifier: Apache-2.0 */
#include "base/histogram.h"

#include <pthread.h>

#include "../unit.h"

static const struct wpkg_histogram_bounds bounds = {3, {1, 10, 100}};

START_TEST(a_value_counts_in_the_first_range_that_holds_it)
{
	struct wpkg_histogram histogram = {0};
	struct wpkg_histogram_reading reading;
	const uint64_t values[] = {0, 1, 2, 10, 11, 100, 101, UINT32_MAX};
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		wpkg_histogram_add(&histogram, &bounds, values[i]);
	wpkg_histogram_read(&reading, &histogram, &bounds);
	ck_assert_uint_eq(reading.upto[0], 2);
	ck_assert_uint_eq(reading.upto[1], 4);
	ck_assert_uint_eq(reading.upto[2], 6);
	ck_assert_uint_eq(reading.upto[3], 8);
	ck_assert_uint_eq(reading.count, 8);
	ck_assert_uint_eq(reading.sum, 225 + (uint64_t)UINT32_MAX);
}
END_TEST

static void *add_many(void *argument)
{
	for (uint64_t i = 0; i < 100000; i++)
		wpkg_histogram_add(argument, &bounds, i % 200);
	return NULL;
}

START_TEST(nothing_is_lost_between_threads)
{
	struct wpkg_histogram histogram = {0};
	struct wpkg_histogram_reading reading;
	pthread_t threads[4];
	for (size_t i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, add_many, &histogram), 0);
	for (size_t i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	wpkg_histogram_read(&reading, &histogram, &bounds);
	ck_assert_uint_eq(reading.count, 400000);
	ck_assert_uint_eq(reading.sum, 4 * UINT64_C(9950000));
	ck_assert_uint_eq(reading.upto[0], 4 * 1000);
}
END_TEST

UNIT_MAIN(a_value_counts_in_the_first_range_that_holds_it, nothing_is_lost_between_threads)
