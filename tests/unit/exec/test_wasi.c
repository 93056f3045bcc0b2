/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WASI as an attacker uses it: lying lengths, overlapping buffers, rights that were given up,
 * descriptors without end, calls that would not come back, and nonsense to all functions.
 */
#include "guest.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "exec/wasi.h"
#include "exec/wasi_abi.h"

/* The functions by name, with a letter for each parameter: i32 or I64. */
static const struct {
	const char *name, *params;
} functions[] = {
	{"args_get", "ii"},
	{"args_sizes_get", "ii"},
	{"environ_get", "ii"},
	{"environ_sizes_get", "ii"},
	{"clock_res_get", "ii"},
	{"clock_time_get", "iIi"},
	{"fd_advise", "iIIi"},
	{"fd_allocate", "iII"},
	{"fd_close", "i"},
	{"fd_datasync", "i"},
	{"fd_fdstat_get", "ii"},
	{"fd_fdstat_set_flags", "ii"},
	{"fd_fdstat_set_rights", "iII"},
	{"fd_filestat_get", "ii"},
	{"fd_filestat_set_size", "iI"},
	{"fd_filestat_set_times", "iIIi"},
	{"fd_pread", "iiiIi"},
	{"fd_prestat_get", "ii"},
	{"fd_prestat_dir_name", "iii"},
	{"fd_pwrite", "iiiIi"},
	{"fd_read", "iiii"},
	{"fd_readdir", "iiiIi"},
	{"fd_renumber", "ii"},
	{"fd_seek", "iIii"},
	{"fd_sync", "i"},
	{"fd_tell", "ii"},
	{"fd_write", "iiii"},
	{"path_create_directory", "iii"},
	{"path_filestat_get", "iiiii"},
	{"path_filestat_set_times", "iiiiIIi"},
	{"path_link", "iiiiiii"},
	{"path_open", "iiiiiIIii"},
	{"path_readlink", "iiiiii"},
	{"path_remove_directory", "iii"},
	{"path_rename", "iiiiii"},
	{"path_symlink", "iiiii"},
	{"path_unlink_file", "iii"},
	{"poll_oneoff", "iiii"},
	{"proc_raise", "i"},
	{"random_get", "ii"},
	{"sched_yield", ""},
	{"sock_accept", "iii"},
	{"sock_recv", "iiiiii"},
	{"sock_send", "iiiii"},
	{"sock_shutdown", "ii"},
};

#define FUNCTIONS (sizeof(functions) / sizeof(functions[0]))
#define PARAMS_MAX 9
#define CHANGE 3 /* a folder that may be changed */
#define READ 4	 /* one that may only be read */
#define PATH_AT 256
#define OUT_AT 64 /* what a call answers through memory */

/*
 * A guest that hands on each call, and folders: granted, readonly, and beside them a secret. The
 * guest's descriptors are 0 to 2, granted, readonly.
 */
struct world {
	struct guest guest;
	struct wpkg_wasi_dir dirs[2];
	struct wpkg_wasi_options options;
	struct wpkg_wasi *wasi;
	char folder[64];
	char cwd[4096];
};

static void write_file(const char *path, const char *text)
{
	struct wpkg_err err;
	ck_ok(wpkg_file_write(AT_FDCWD, path, wpkg_str_from(text), 0644, O_EXCL, &err), err);
}

static void make_folders(struct world *world)
{
	strcpy(world->folder, "/tmp/wpkg-wasi-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(world->folder));
	ck_assert_ptr_nonnull(getcwd(world->cwd, sizeof(world->cwd)));
	ck_assert_int_eq(chdir(world->folder), 0);
	write_file("secret", "SECRET of the host");
	static const char *const folders[] = {"granted", "readonly"};
	for (size_t i = 0; i < 2; i++) {
		char path[64];
		ck_assert_int_eq(mkdir(folders[i], 0755), 0);
		snprintf(path, sizeof(path), "%s/file", folders[i]);
		write_file(path, "0123456789");
		snprintf(path, sizeof(path), "%s/sub", folders[i]);
		ck_assert_int_eq(mkdir(path, 0755), 0);
		snprintf(path, sizeof(path), "%s/up", folders[i]);
		ck_assert_int_eq(symlink("..", path), 0);
		world->dirs[i].fd = open(folders[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
		ck_assert_int_ge(world->dirs[i].fd, 0);
		world->dirs[i].guest = wpkg_str_from(folders[i]);
	}
	world->dirs[1].read_only = true;
	world->options.dirs = world->dirs;
	world->options.dir_count = 2;
}

static void append_guest(struct wpkg_buf *text, unsigned pages)
{
	wpkg_buf_append_text(text, "(module");
	for (size_t i = 0; i < FUNCTIONS; i++) {
		wpkg_buf_append_format(text, "(type $t%zu (func (param", i);
		for (const char *p = functions[i].params; *p; p++)
			wpkg_buf_append_text(text, *p == 'i' ? " i32" : " i64");
		wpkg_buf_append_format(text,
				       ") (result i32)))(import \"wasi_snapshot_preview1\" \"%s\""
				       " (func $f%zu (type $t%zu)))",
				       functions[i].name, i, i);
	}
	wpkg_buf_append_format(text, "(memory (export \"memory\") %u)", pages);
	for (size_t i = 0; i < FUNCTIONS; i++) {
		wpkg_buf_append_format(text, "(func (export \"%s\") (type $t%zu) (call $f%zu",
				       functions[i].name, i, i);
		for (size_t p = 0; functions[i].params[p]; p++)
			wpkg_buf_append_format(text, " (local.get %zu)", p);
		wpkg_buf_append_text(text, "))");
	}
	wpkg_buf_append_text(text, ")");
}

/* The options may name streams and more before. */
static void world_open(struct world *world, const struct wpkg_engine_limits *limits, unsigned pages)
{
	struct wpkg_buf text;
	wpkg_buf_init(&text, GUEST_MAX);
	make_folders(world);
	guest_init(&world->guest, limits);
	ck_ok(wpkg_wasi_new(&world->wasi, &world->options, &world->guest.err), world->guest.err);
	wpkg_wasi_define(world->guest.linker, world->wasi);
	append_guest(&text, pages);
	guest_load(&world->guest, wpkg_buf_text(&text));
	wpkg_buf_clear(&text);
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
	(void)stat, (void)type, (void)ftw;
	return remove(path);
}

static void world_close(struct world *world)
{
	guest_close(&world->guest);
	wpkg_wasi_free(world->wasi);
	for (size_t i = 0; i < 2; i++)
		close(world->dirs[i].fd);
	ck_assert_int_eq(chdir(world->cwd), 0);
	ck_assert_int_eq(nftw(world->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static uint8_t *memory_at(struct world *world, uint32_t address)
{
	struct wpkg_memory *memory =
		wpkg_instance_find_memory(world->guest.instance, WPKG_LIT("memory"));
	return wpkg_memory_bytes(memory) + address;
}

static uint32_t number_at(struct world *world, uint32_t address)
{
	uint32_t value;
	memcpy(&value, memory_at(world, address), sizeof(value));
	return value;
}

static void put_numbers(struct world *world, uint32_t address, const uint32_t *values, size_t count)
{
	memcpy(memory_at(world, address), values, count * sizeof(*values));
}

/* The errno that the guest gets, or the trap as a negative number. */
static int call_with(struct world *world, size_t function, const uint64_t *numbers)
{
	union wpkg_wasm_value args[PARAMS_MAX], result = {.i64 = 0};
	for (size_t i = 0; functions[function].params[i]; i++)
		args[i].i64 = numbers[i];
	enum wpkg_trap trap =
		wpkg_func_call(&world->guest.outcome,
			       wpkg_instance_find_func(world->guest.instance,
						       wpkg_str_from(functions[function].name)),
			       args, &result);
	return trap ? -(int)trap : (int)result.i32;
}

static int call_named(struct world *world, const char *name, const uint64_t *numbers)
{
	for (size_t i = 0; i < FUNCTIONS; i++)
		if (strcmp(functions[i].name, name) == 0)
			return call_with(world, i, numbers);
	ck_abort_msg("no function %s", name);
	return -1;
}

#define wasi(world, name, ...) call_named(world, name, (const uint64_t[]){__VA_ARGS__, 0})

static uint64_t put_path(struct world *world, uint32_t address, const char *path)
{
	memcpy(memory_at(world, address), path, strlen(path));
	return strlen(path);
}

/* Opens with these rights; the number is at OUT_AT. */
static int open_path(struct world *world, uint32_t dir, const char *path, uint32_t oflags,
		     uint64_t rights, uint64_t inheriting)
{
	uint64_t length = put_path(world, PATH_AT, path);
	return wasi(world, "path_open", dir, 0, PATH_AT, length, oflags, rights, inheriting, 0,
		    OUT_AT);
}

/* Streams */

START_TEST(a_folder_that_stands_as_standard_input_is_no_grant)
{
	struct world world = {0};
	int host = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	world.options.standard_input = (struct wpkg_wasi_stream){.kind = WPKG_WASI_FD, .fd = host};
	world_open(&world, NULL, 2);
	uint64_t length = put_path(&world, PATH_AT, "wpkg-not-made");
	ck_assert_int_eq(wasi(&world, "path_create_directory", 0, PATH_AT, length),
			 WASI_ENOTCAPABLE);
	ck_assert_int_eq(wasi(&world, "path_unlink_file", 0, PATH_AT, length), WASI_ENOTCAPABLE);
	ck_assert_int_eq(wasi(&world, "path_symlink", PATH_AT, length, 0, PATH_AT, length),
			 WASI_ENOTCAPABLE);
	ck_assert_int_eq(wasi(&world, "path_rename", 0, PATH_AT, length, CHANGE, PATH_AT, length),
			 WASI_ENOTCAPABLE);
	ck_assert_int_eq(wasi(&world, "fd_readdir", 0, 1024, 1024, 0, OUT_AT), WASI_ENOTCAPABLE);
	ck_assert_int_eq(open_path(&world, 0, ".", 0, 0, 0), WASI_ENOTCAPABLE);
	ck_assert_int_eq(wasi(&world, "fd_read", 0, 1024, 0, OUT_AT), WASI_EISDIR);
	ck_assert_int_ne(faccessat(host, "wpkg-not-made", F_OK, AT_SYMLINK_NOFOLLOW), 0);
	close(host);
	world_close(&world);
}
END_TEST

struct reader {
	struct wpkg_engine *engine;
	int pipe;
	int room;
};

/* Interrupts the guest when nothing more goes into the pipe, which nobody reads. */
static void *interrupt_when_full(void *user)
{
	const struct reader *reader = user;
	int waiting = 0;
	while (waiting < reader->room) {
		ck_assert_int_eq(ioctl(reader->pipe, FIONREAD, &waiting), 0);
		sched_yield();
	}
	wpkg_engine_interrupt(reader->engine);
	return NULL;
}

START_TEST(an_interrupt_ends_a_write_that_nobody_reads)
{
	struct world world = {0};
	int ends[2];
	pthread_t thread;
	ck_assert_int_eq(pipe(ends), 0);
	world.options.standard_output =
		(struct wpkg_wasi_stream){.kind = WPKG_WASI_FD, .fd = ends[1]};
	world_open(&world, NULL, 32);
	struct reader reader = {world.guest.engine, ends[0], fcntl(ends[1], F_GETPIPE_SZ)};
	put_numbers(&world, 0, (const uint32_t[]){1024, 1 << 20}, 2);
	pthread_create(&thread, NULL, interrupt_when_full, &reader);
	ck_assert_int_eq(wasi(&world, "fd_write", 1, 0, 1, OUT_AT), -(int)WPKG_TRAP_INTERRUPT);
	pthread_join(thread, NULL);
	close(ends[0]);
	close(ends[1]);
	world_close(&world);
}
END_TEST

/* Time */

START_TEST(time_ends_a_call_for_very_many_random_bytes)
{
	for (int deterministic = 0; deterministic < 2; deterministic++) {
		const struct wpkg_engine_limits limits = {.time_ms = 20};
		struct world world = {.options.deterministic = deterministic};
		world_open(&world, &limits, 32768);
		const uint32_t size = (uint32_t)1 << 31;
		ck_assert_int_eq(wasi(&world, "random_get", 0, size), -(int)WPKG_TRAP_DEADLINE);
		for (uint32_t i = size - 64; i < size; i++)
			ck_assert_uint_eq(*memory_at(&world, i), 0);
		world_close(&world);
	}
}
END_TEST

static uint64_t clock_of(struct world *world)
{
	uint64_t value;
	ck_assert_int_eq(wasi(world, "clock_time_get", WASI_CLOCK_MONOTONIC, 0, OUT_AT), 0);
	memcpy(&value, memory_at(world, OUT_AT), sizeof(value));
	return value;
}

START_TEST(a_deterministic_clock_never_goes_back)
{
	struct world world = {.options.deterministic = true};
	world_open(&world, NULL, 2);
	uint64_t before = clock_of(&world);
	static const uint64_t waits[] = {5000000000, UINT64_MAX - 1, UINT64_MAX - 1, 1};
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		uint8_t *subscription = memory_at(&world, 1024);
		memset(subscription, 0, WASI_SUBSCRIPTION_SIZE);
		subscription[16] = WASI_CLOCK_MONOTONIC;
		memcpy(subscription + 24, &waits[i], sizeof(waits[i]));
		ck_assert_int_eq(wasi(&world, "poll_oneoff", 1024, 2048, 1, OUT_AT), 0);
		uint64_t after = clock_of(&world);
		ck_assert_uint_ge(after, before);
		before = after;
	}
	ck_assert_uint_eq(before, UINT64_MAX);
	world_close(&world);
}
END_TEST

/* Rights and descriptors */

START_TEST(rights_that_were_given_up_do_not_come_back)
{
	struct world world = {0};
	world_open(&world, NULL, 2);
	uint64_t few = WASI_RIGHT_PATH_OPEN | WASI_RIGHT_FD_READDIR;
	ck_assert_int_eq(wasi(&world, "fd_fdstat_set_rights", CHANGE, few, WASI_RIGHT_FD_READ), 0);
	ck_assert_int_eq(wasi(&world, "fd_fdstat_set_rights", CHANGE, WASI_RIGHTS_BELOW, 0),
			 WASI_ENOTCAPABLE);
	ck_assert_int_eq(open_path(&world, CHANGE, ".", 0, WASI_RIGHTS_BELOW, WASI_RIGHTS_BELOW),
			 WASI_ENOTCAPABLE);
	ck_assert_int_eq(open_path(&world, CHANGE, "sub", 0, few, few), WASI_ENOTCAPABLE);
	ck_assert_int_eq(open_path(&world, CHANGE, "file", 0, WASI_RIGHT_FD_WRITE, 0),
			 WASI_ENOTCAPABLE);
	ck_assert_int_eq(open_path(&world, CHANGE, "file", 0, WASI_RIGHT_FD_READ, 0), 0);
	uint32_t file = number_at(&world, OUT_AT);
	put_numbers(&world, 0, (const uint32_t[]){1024, 4}, 2);
	ck_assert_int_eq(wasi(&world, "fd_write", file, 0, 1, OUT_AT), WASI_ENOTCAPABLE);
	ck_assert_int_eq(wasi(&world, "fd_filestat_set_size", file, 0), WASI_ENOTCAPABLE);
	/* Another number for it changes nothing. */
	ck_assert_int_eq(wasi(&world, "fd_renumber", file, CHANGE), 0);
	ck_assert_int_eq(wasi(&world, "fd_write", CHANGE, 0, 1, OUT_AT), WASI_ENOTCAPABLE);
	ck_assert_int_eq(wasi(&world, "fd_prestat_get", CHANGE, OUT_AT), WASI_EBADF);
	world_close(&world);
}
END_TEST

START_TEST(what_is_read_only_stays_so_under_another_number)
{
	struct world world = {0};
	world_open(&world, NULL, 2);
	ck_assert_int_eq(open_path(&world, READ, "sub", WASI_OFLAG_DIRECTORY, WASI_RIGHTS_DIRECTORY,
				   WASI_RIGHTS_BELOW),
			 0);
	uint32_t sub = number_at(&world, OUT_AT);
	ck_assert_int_eq(wasi(&world, "fd_renumber", sub, CHANGE), 0);
	uint64_t length = put_path(&world, PATH_AT, "new");
	ck_assert_int_eq(wasi(&world, "path_create_directory", CHANGE, PATH_AT, length),
			 WASI_EROFS);
	ck_assert_int_eq(open_path(&world, CHANGE, "new", WASI_OFLAG_CREAT, WASI_RIGHT_FD_WRITE, 0),
			 WASI_EROFS);
	ck_assert_int_eq(open_path(&world, CHANGE, "../file", WASI_OFLAG_TRUNC, 0, 0), WASI_EROFS);
	ck_assert_int_eq(open_path(&world, CHANGE, "../file", 0, WASI_RIGHT_FD_READ, 0),
			 WASI_ENOTCAPABLE);
	/* Renumbered on itself, and onto what is not open. */
	ck_assert_int_eq(wasi(&world, "fd_renumber", CHANGE, CHANGE), 0);
	ck_assert_int_eq(wasi(&world, "fd_renumber", CHANGE, 700), WASI_EBADF);
	ck_assert_int_eq(wasi(&world, "fd_renumber", 0xffffffff, CHANGE), WASI_EBADF);
	world_close(&world);
}
END_TEST

START_TEST(nothing_moves_from_or_into_a_read_only_folder)
{
	struct world world = {0};
	world_open(&world, NULL, 2);
	uint64_t length = put_path(&world, PATH_AT, "file");
	uint64_t new_length = put_path(&world, 512, "other");
	for (uint32_t from = CHANGE; from <= READ; from++) {
		uint32_t to = CHANGE + READ - from;
		ck_assert_int_eq(
			wasi(&world, "path_rename", from, PATH_AT, length, to, 512, new_length),
			WASI_EROFS);
		ck_assert_int_eq(
			wasi(&world, "path_link", from, 0, PATH_AT, length, to, 512, new_length),
			WASI_EROFS);
	}
	ck_assert_int_eq(access("granted/other", F_OK), -1);
	ck_assert_int_eq(access("readonly/other", F_OK), -1);
	world_close(&world);
}
END_TEST

static int open_in_this_process(void)
{
	int count = 0;
	DIR *dir = opendir("/proc/self/fd");
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

START_TEST(descriptors_run_out_and_none_is_lost)
{
	struct world world = {.options.max_fds = 20};
	world_open(&world, NULL, 2);
	int before = open_in_this_process();
	for (int round = 0; round < 3; round++) {
		for (uint32_t fd = 5; fd < 20; fd++) {
			ck_assert_int_eq(
				open_path(&world, CHANGE, "file", 0, WASI_RIGHT_FD_READ, 0), 0);
			ck_assert_uint_eq(number_at(&world, OUT_AT), fd);
		}
		for (int more = 0; more < 5; more++)
			ck_assert_int_eq(
				open_path(&world, CHANGE, "file", 0, WASI_RIGHT_FD_READ, 0),
				WASI_EMFILE);
		ck_assert_int_eq(open_in_this_process(), before + 15);
		for (uint32_t fd = 5; fd < 20; fd++)
			ck_assert_int_eq(wasi(&world, "fd_close", fd), 0);
		ck_assert_int_eq(wasi(&world, "fd_close", 5), WASI_EBADF);
	}
	ck_assert_int_eq(open_in_this_process(), before);
	world_close(&world);
}
END_TEST

/* Memory */

START_TEST(vectors_with_lying_lengths_are_refused_before_anything_moves)
{
	struct world world = {0};
	world_open(&world, NULL, 2);
	ck_assert_int_eq(open_path(&world, CHANGE, "file", 0,
				   WASI_RIGHT_FD_READ | WASI_RIGHT_FD_WRITE | WASI_RIGHT_FD_TELL |
					   WASI_RIGHT_FD_SEEK,
				   0),
			 0);
	uint32_t file = number_at(&world, OUT_AT);
	static const struct {
		uint32_t vectors[4], at, count;
	} lies[] = {
		{{1024, 4, 131072 - 3, 4}, 0, 2},	/* ends outside */
		{{1024, 4, 0xffffffff, 2}, 0, 2},	/* around the end of addresses */
		{{1024, 4, 4096, 0xffffffff}, 0, 2},	/* longer than all memory */
		{{1024, 4, 1024, 4}, 0, 0xffffffff},	/* more vectors than there can be */
		{{1024, 4, 1024, 4}, 131072 - 8, 2},	/* the list itself ends outside */
		{{1024, 4, 1024, 4}, 0xfffffff8, 0x20}, /* the list goes around */
	};
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		put_numbers(&world, 0, lies[i].vectors, 4);
		ck_assert_int_eq(wasi(&world, "fd_read", file, lies[i].at, lies[i].count, OUT_AT),
				 WASI_EFAULT);
		ck_assert_int_eq(wasi(&world, "fd_write", file, lies[i].at, lies[i].count, OUT_AT),
				 WASI_EFAULT);
		ck_assert_int_eq(
			wasi(&world, "fd_pwrite", file, lies[i].at, lies[i].count, 0, OUT_AT),
			WASI_EFAULT);
	}
	put_numbers(&world, 0, (const uint32_t[]){1024, 4}, 2);
	ck_assert_int_eq(wasi(&world, "fd_read", file, 0, 1, 131072 - 3), WASI_EFAULT);
	ck_assert_int_eq(wasi(&world, "fd_tell", file, OUT_AT), 0);
	ck_assert_uint_eq(number_at(&world, OUT_AT), 0);
	world_close(&world);
}
END_TEST

START_TEST(buffers_may_overlap_with_each_other_and_with_their_own_list)
{
	struct world world = {0};
	world_open(&world, NULL, 2);
	ck_assert_int_eq(open_path(&world, CHANGE, "file", 0, WASI_RIGHT_FD_READ, 0), 0);
	uint32_t file = number_at(&world, OUT_AT);
	/* The first part overwrites the list of vectors and the place of the answer. */
	put_numbers(&world, 1024, (const uint32_t[]){1024, 6, 1026, 2, 1024, 2}, 6);
	ck_assert_int_eq(wasi(&world, "fd_read", file, 1024, 3, 1040), 0);
	ck_assert_uint_eq(number_at(&world, 1040), 10);
	ck_assert_int_eq(memcmp(memory_at(&world, 1024), "896745", 6), 0);
	world_close(&world);
}
END_TEST

START_TEST(a_poll_takes_no_more_subscriptions_than_there_is_memory_for)
{
	struct world world = {.options.deterministic = true};
	world_open(&world, NULL, 2);
	static const uint32_t counts[] = {0, 16385, 0x7fffffff, 0xffffffff};
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		ck_assert_int_eq(wasi(&world, "poll_oneoff", 0, 0, counts[i], OUT_AT), WASI_EINVAL);
	ck_assert_int_eq(wasi(&world, "poll_oneoff", 0, 0, 16384, OUT_AT), WASI_EFAULT);
	/* Events over the subscriptions: those were read before. */
	memset(memory_at(&world, 0), 0, 4096);
	for (uint32_t i = 0; i < 8; i++) {
		uint8_t *subscription = memory_at(&world, 1024 + i * WASI_SUBSCRIPTION_SIZE);
		subscription[0] = (uint8_t)(i + 1);
		subscription[8] = i == 3 ? 77 : WASI_EVENT_CLOCK;
		subscription[16] = i == 5 ? 9 : WASI_CLOCK_REALTIME;
	}
	ck_assert_int_eq(wasi(&world, "poll_oneoff", 1024, 1024, 8, OUT_AT), 0);
	ck_assert_uint_eq(number_at(&world, OUT_AT), 8);
	for (uint32_t i = 0; i < 8; i++) {
		const uint8_t *event = memory_at(&world, 1024 + i * WASI_EVENT_SIZE);
		ck_assert_uint_eq(event[0], i + 1);
		ck_assert_uint_eq(event[8], i == 3 || i == 5 ? WASI_EINVAL : 0);
	}
	world_close(&world);
}
END_TEST

START_TEST(any_cookie_lists_entries_or_is_refused)
{
	struct world world = {0};
	world_open(&world, NULL, 2);
	static const uint64_t cookies[] = {
		1, 2, 77, 1 << 20, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX};
	for (size_t i = 0; i < sizeof(cookies) / sizeof(cookies[0]); i++) {
		int code = wasi(&world, "fd_readdir", CHANGE, 4096, 4096, cookies[i], OUT_AT);
		ck_assert(code == 0 || code == WASI_EINVAL);
	}
	/* A buffer that ends within an entry is full to its end. */
	for (uint32_t size = 0; size < 100; size++) {
		ck_assert_int_eq(wasi(&world, "fd_readdir", CHANGE, 131072 - size, size, 0, OUT_AT),
				 0);
		ck_assert_uint_eq(number_at(&world, OUT_AT), size);
	}
	world_close(&world);
}
END_TEST

/* Memory of the host */

static enum wpkg_status make(const struct wpkg_wasi_options *options)
{
	struct wpkg_engine *engine = NULL;
	struct wpkg_linker *linker = NULL;
	struct wpkg_wasi *made = NULL;
	struct wpkg_err err;
	enum wpkg_status status = wpkg_wasi_new(&made, options, &err);
	if (status == WPKG_OK)
		status = wpkg_engine_new(&engine, NULL, &err);
	if (status == WPKG_OK)
		status = wpkg_linker_new(&linker, engine, &err);
	if (status == WPKG_OK)
		wpkg_wasi_define(linker, made);
	wpkg_linker_free(linker);
	wpkg_engine_free(engine);
	wpkg_wasi_free(made);
	return status;
}

START_TEST(a_failed_allocation_is_reported_and_nothing_is_left_open)
{
	static const struct wpkg_str args[] = {{"program", 7}, {"", 0}};
	static const struct wpkg_str env[] = {{"A=1", 3}, {"B=", 2}};
	struct world world = {0};
	world_open(&world, NULL, 2);
	int file = open("secret", O_RDONLY | O_CLOEXEC);
	const struct wpkg_wasi_file files[] = {{WPKG_LIT("a/b"), file}, {WPKG_LIT("c"), file}};
	struct wpkg_wasi_options options = {.args = args,
					    .arg_count = 2,
					    .env = env,
					    .env_count = 2,
					    .dirs = world.dirs,
					    .dir_count = 2,
					    .files = files,
					    .file_count = 2};
	unit_fail_each_allocation(make(&options));
	/* Where the table of descriptors cannot grow: eight are there at first. */
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(open_path(&world, CHANGE, "file", 0, WASI_RIGHT_FD_READ, 0), 0);
	int before = open_in_this_process();
	wpkg_mem_fail_at(0);
	int code = open_path(&world, CHANGE, "file", 0, WASI_RIGHT_FD_READ, 0);
	wpkg_mem_fail_never();
	ck_assert_int_eq(code, WASI_ENOMEM);
	ck_assert_int_eq(open_in_this_process(), before);
	ck_assert_int_eq(open_path(&world, CHANGE, "file", 0, WASI_RIGHT_FD_READ, 0), 0);
	close(file);
	world_close(&world);
}
END_TEST

/* Nonsense */

static uint64_t next(uint64_t *state)
{
	*state = *state * 6364136223846793005 + 1442695040888963407;
	return *state >> 33;
}

static const char *const paths[] = {
	"file",	     "sub",	  "sub/../file", "..",
	"../secret", "up/secret", "new",	 "new/below",
	".",	     "../../x",	  "/etc",	 "",
	"sub/",	     "up",	  "up/",	 "sub/..//../secret",
};

#define PATHS (sizeof(paths) / sizeof(paths[0]))
#define PATH_ROOM 32

/* Numbers that mean something at each place, and some that mean nothing anywhere. */
static uint64_t nonsense(uint64_t *state, char kind)
{
	static const uint64_t odd[] = {0,	   1,	       2,	  3,	      7,
				       64,	   65535,      131071,	  131072,     0x7fffffff,
				       0x80000000, 0xffffffff, INT64_MAX, UINT64_MAX, 1 << 20,
				       512,	   0xffff0000, 24,	  48,	      4};
	uint64_t choice = next(state) % 8;
	if (choice < 3)
		return next(state) % 9; /* descriptors, flags, counts */
	if (choice < 5)
		return PATH_AT + next(state) % PATHS * PATH_ROOM;
	if (choice == 5)
		return kind == 'I' ? WASI_RIGHTS_BELOW : next(state) % 20;
	if (choice == 6)
		return next(state) << 33 ^ next(state);
	return odd[next(state) % (sizeof(odd) / sizeof(odd[0]))];
}

/* A path's length stands behind its address in every function. */
static void fit_lengths(uint64_t numbers[PARAMS_MAX])
{
	for (size_t i = 0; i + 1 < PARAMS_MAX; i++)
		if (numbers[i] >= PATH_AT && numbers[i] < PATH_AT + PATHS * PATH_ROOM)
			numbers[i + 1] = strlen(paths[(numbers[i] - PATH_AT) / PATH_ROOM]);
}

static void fill_memory(struct world *world, uint64_t *state)
{
	for (uint32_t i = 0; i < 8192; i += 4) {
		uint32_t number = (uint32_t)nonsense(state, 'i');
		put_numbers(world, i, &number, 1);
	}
	for (size_t i = 0; i < PATHS; i++)
		put_path(world, (uint32_t)(PATH_AT + i * PATH_ROOM), paths[i]);
}

static bool holds_secret(struct world *world)
{
	return memmem(memory_at(world, 0), 131072, "SECRET", 6) != NULL;
}

static void talk_nonsense(struct world *world, uint64_t *state, unsigned calls)
{
	for (unsigned i = 0; i < calls; i++) {
		uint64_t numbers[PARAMS_MAX];
		size_t function = next(state) % FUNCTIONS;
		const char *params = functions[function].params;
		if (i % 64 == 0)
			fill_memory(world, state);
		for (size_t p = 0; p < PARAMS_MAX; p++)
			numbers[p] = nonsense(state, p < strlen(params) ? params[p] : 'i');
		if (next(state) % 4)
			fit_lengths(numbers);
		int code = call_with(world, function, numbers);
		/* Check keeps a line for each assertion. */
		if (code < 0 && code != -(int)WPKG_TRAP_EXIT)
			ck_abort_msg("%s: %s", functions[function].name,
				     world->guest.outcome.message);
		if (holds_secret(world))
			ck_abort_msg("%s got the secret", functions[function].name);
	}
}

static void check_outside(void)
{
	struct stat stat_of;
	ck_assert_int_eq(stat("secret", &stat_of), 0);
	ck_assert_int_eq(stat_of.st_size, 18);
	ck_assert_uint_eq(stat_of.st_nlink, 1);
	ck_assert_int_eq(stat("readonly/file", &stat_of), 0);
	ck_assert_int_eq(stat_of.st_size, 10);
	ck_assert_uint_eq(stat_of.st_nlink, 1);
	int count = 0;
	DIR *dir = opendir(".");
	while (readdir(dir))
		count++;
	closedir(dir);
	ck_assert_int_eq(count, 5); /* secret, granted, readonly, and the two of each folder */
}

START_TEST(nonsense_to_all_functions_gets_nowhere)
{
	/* No call may fill the disk. */
	const struct rlimit small = {.rlim_cur = 1 << 20, .rlim_max = 1 << 20};
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (uint64_t seed = 1; seed <= 40; seed++) {
		struct world world = {.options = {.deterministic = true, .max_fds = 12}};
		uint64_t state = seed;
		world_open(&world, NULL, 2);
		int before = open_in_this_process();
		talk_nonsense(&world, &state, 2000);
		check_outside();
		ck_assert_int_le(open_in_this_process(), before + 12);
		world_close(&world);
	}
}
END_TEST

UNIT_MAIN(a_folder_that_stands_as_standard_input_is_no_grant,
	  an_interrupt_ends_a_write_that_nobody_reads, time_ends_a_call_for_very_many_random_bytes,
	  a_deterministic_clock_never_goes_back, rights_that_were_given_up_do_not_come_back,
	  what_is_read_only_stays_so_under_another_number,
	  nothing_moves_from_or_into_a_read_only_folder, descriptors_run_out_and_none_is_lost,
	  vectors_with_lying_lengths_are_refused_before_anything_moves,
	  buffers_may_overlap_with_each_other_and_with_their_own_list,
	  a_poll_takes_no_more_subscriptions_than_there_is_memory_for,
	  any_cookie_lists_entries_or_is_refused,
	  a_failed_allocation_is_reported_and_nothing_is_left_open,
	  nonsense_to_all_functions_gets_nowhere)
