/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/channel.h"
#include "base/clock.h"

static int pair[2];
static struct wpkg_buf bytes;

static void open_pair(size_t max)
{
	struct wpkg_err err;
	ck_ok(wpkg_channel_pair(pair, &err), err);
	wpkg_buf_init(&bytes, max);
}

static void close_pair(void)
{
	close(pair[0]);
	close(pair[1]);
	wpkg_buf_clear(&bytes);
}

static uint64_t soon(unsigned milliseconds)
{
	return wpkg_clock_monotonic() + (uint64_t)milliseconds * 1000000;
}

static void send_text(uint32_t kind, const char *text)
{
	struct wpkg_err err;
	struct wpkg_message message = {.kind = kind, .bytes = wpkg_str_from(text)};
	ck_ok(wpkg_channel_send(pair[0], &message, 0, &err), err);
}

START_TEST(messages_arrive_one_by_one)
{
	struct wpkg_err err;
	struct wpkg_message message;
	open_pair(100);
	send_text(7, "first");
	send_text(8, "");
	send_text(9, "third");
	ck_ok(wpkg_channel_receive(&message, &bytes, pair[1], 0, 0, &err), err);
	ck_assert_uint_eq(message.kind, 7);
	ck_assert(wpkg_str_equal_text(message.bytes, "first"));
	ck_ok(wpkg_channel_receive(&message, &bytes, pair[1], 0, soon(1000), &err), err);
	ck_assert_uint_eq(message.kind, 8);
	ck_assert_uint_eq(message.bytes.len, 0);
	ck_ok(wpkg_channel_receive(&message, &bytes, pair[1], 0, 0, &err), err);
	ck_assert(wpkg_str_equal_text(message.bytes, "third"));
	ck_assert_uint_eq(message.fd_count, 0);
	close_pair();
}
END_TEST

START_TEST(a_long_message_passes_a_full_socket)
{
	struct wpkg_err err;
	size_t size = 8 << 20;
	char *long_text = wpkg_mem_calloc(1, size);
	ck_assert_ptr_nonnull(long_text);
	memset(long_text, 'x', size);
	open_pair(size);
	pid_t pid = fork();
	if (pid == 0) {
		struct wpkg_message out = {.kind = 1, .bytes = wpkg_str_of(long_text, size)};
		_exit(wpkg_channel_send(pair[0], &out, soon(20000), &err) == WPKG_OK ? 0 : 1);
	}
	struct wpkg_message message;
	ck_ok(wpkg_channel_receive(&message, &bytes, pair[1], 0, soon(20000), &err), err);
	ck_assert(wpkg_str_equal(message.bytes, wpkg_str_of(long_text, size)));
	int how;
	ck_assert_int_eq(waitpid(pid, &how, 0), pid);
	ck_assert_int_eq(how, 0);
	wpkg_mem_free(long_text);
	close_pair();
}
END_TEST

static void send_fds(size_t count)
{
	struct wpkg_err err;
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct wpkg_message message = {
		.kind = 1, .bytes = WPKG_LIT("x"), .fds = {null, null}, .fd_count = count};
	ck_ok(wpkg_channel_send(pair[0], &message, 0, &err), err);
	close(null);
}

/* The lowest free descriptor tells whether any was left open. */
static int lowest_free(void)
{
	int fd = dup(pair[0]);
	close(fd);
	return fd;
}

START_TEST(descriptors_ride_along)
{
	struct wpkg_err err;
	struct wpkg_message message;
	open_pair(10);
	int before = lowest_free();
	send_fds(2);
	ck_ok(wpkg_channel_receive(&message, &bytes, pair[1], 2, 0, &err), err);
	ck_assert_uint_eq(message.fd_count, 2);
	ck_assert_int_eq(fcntl(message.fds[1], F_GETFD), FD_CLOEXEC);
	wpkg_message_close(&message);
	ck_assert_int_eq(lowest_free(), before);
	close_pair();
}
END_TEST

START_TEST(descriptors_that_nobody_wants_are_closed)
{
	struct wpkg_err err;
	struct wpkg_message message;
	open_pair(10);
	int before = lowest_free();
	send_fds(2);
	ck_status(wpkg_channel_receive(&message, &bytes, pair[1], 1, 0, &err), WPKG_EFORMAT);
	ck_assert_int_eq(lowest_free(), before);
	close_pair();
	open_pair(10);
	send_fds(1);
	ck_status(wpkg_channel_receive(&message, &bytes, pair[1], 0, 0, &err), WPKG_EFORMAT);
	ck_assert_int_eq(lowest_free(), before);
	close_pair();
}
END_TEST

START_TEST(a_message_above_the_bound_is_refused)
{
	struct wpkg_err err;
	struct wpkg_message message;
	open_pair(4);
	send_text(1, "four");
	send_text(1, "fives");
	ck_ok(wpkg_channel_receive(&message, &bytes, pair[1], 0, 0, &err), err);
	ck_status(wpkg_channel_receive(&message, &bytes, pair[1], 0, 0, &err), WPKG_ELIMIT);
	close_pair();
}
END_TEST

START_TEST(waiting_ends_with_the_deadline)
{
	struct wpkg_err err;
	struct wpkg_message message;
	open_pair(1 << 20);
	ck_status(wpkg_channel_receive(&message, &bytes, pair[1], 0, soon(20), &err), WPKG_EBUSY);
	/* A sender that stops in the middle. */
	const uint32_t half[2] = {1, 100};
	ck_assert_int_eq(write(pair[0], half, sizeof(half)), sizeof(half));
	ck_status(wpkg_channel_receive(&message, &bytes, pair[1], 0, soon(20), &err), WPKG_EBUSY);
	/* A receiver that takes nothing. */
	static char many[1 << 20];
	struct wpkg_message out = {.kind = 1, .bytes = wpkg_str_of(many, sizeof(many))};
	ck_status(wpkg_channel_send(pair[0], &out, soon(20), &err), WPKG_EBUSY);
	close_pair();
}
END_TEST

START_TEST(an_end_that_is_gone_is_noticed)
{
	struct wpkg_err err;
	struct wpkg_message message;
	struct wpkg_message out = {.kind = 1, .bytes = WPKG_LIT("x")};
	open_pair(10);
	send_text(1, "last");
	close(pair[0]);
	ck_ok(wpkg_channel_receive(&message, &bytes, pair[1], 0, 0, &err), err);
	ck_status(wpkg_channel_receive(&message, &bytes, pair[1], 0, 0, &err), WPKG_ENOTFOUND);
	ck_status(wpkg_channel_receive(&message, &bytes, pair[1], 0, soon(1000), &err),
		  WPKG_ENOTFOUND);
	ck_status(wpkg_channel_send(pair[1], &out, 0, &err), WPKG_ENOTFOUND);
	close(pair[1]);
	wpkg_buf_clear(&bytes);
}
END_TEST

static enum wpkg_status receive_once(void)
{
	struct wpkg_err err;
	struct wpkg_message message;
	open_pair(100);
	struct wpkg_message out = {.kind = 1, .bytes = WPKG_LIT("text")};
	enum wpkg_status status = wpkg_channel_send(pair[0], &out, 0, &err);
	if (status == WPKG_OK)
		status = wpkg_channel_receive(&message, &bytes, pair[1], 0, 0, &err);
	close_pair();
	return status;
}

START_TEST(each_failed_allocation_is_reported)
{
	unit_fail_each_allocation(receive_once());
}
END_TEST

UNIT_MAIN(messages_arrive_one_by_one, a_long_message_passes_a_full_socket, descriptors_ride_along,
	  descriptors_that_nobody_wants_are_closed, a_message_above_the_bound_is_refused,
	  waiting_ends_with_the_deadline, an_end_that_is_gone_is_noticed,
	  each_failed_allocation_is_reported)
