/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Admission with the real wpkg-admit, with workers that are killed, and with programs in its place
 * that answer nonsense: this one itself, copied under names that say what it shall do.
 */
#include "../unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../../server/admission.h"
#include "base/channel.h"
#include "base/clock.h"
#include "base/file.h"
#include "pkg/admission.h"
#include "pkg/annotation.h"
#include "pkg/verdict.h"
#include "store/blob.h"
#include "store/record.h"

#define HEADER "\0asm\1\0\0\0\1\4\1\x60\0\0\3\2\1\0\7\x0a\1\6_start\0\0"

/* (module (func (export "_start") ...)): returns, loops without end, and is not valid. */
static const struct wpkg_str good = WPKG_STR(HEADER "\x0a\4\1\2\0\x0b");
static const struct wpkg_str spin = WPKG_STR(HEADER "\x0a\x09\1\7\0\3\x40\x0c\0\x0b\x0b");
static const struct wpkg_str invalid = WPKG_STR(HEADER "\x0a\5\1\3\0\x6a\x0b");

static char folder[] = "/tmp/wpkg-admission-XXXXXX";
static struct wpkg_arena arena;
static struct wpkg_store *store;
static struct admission *admission;

static const char *self_path(void)
{
	static char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = '\0';
	return path;
}

/* unit/server/test_admission and wpkg-admit lie in the same build. */
static const char *real_worker(void)
{
	struct wpkg_str self = wpkg_str_from(self_path());
	for (unsigned i = 0; i < 3; i++)
		self = wpkg_str_slice(self, 0, wpkg_str_find_last(self, '/'));
	return wpkg_arena_format(&arena, "%.*s/wpkg-admit", WPKG_STR_ARG(self)).ptr;
}

static const char *in_folder(const char *name)
{
	return wpkg_arena_format(&arena, "%s/%s", folder, name).ptr;
}

static void setup(void)
{
	struct wpkg_err err;
	struct wpkg_store_options options = {.mode = WPKG_STORE_SERVE};
	wpkg_arena_init(&arena, (size_t)256 << 20);
	memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_ok(wpkg_store_open(&store, in_folder("store"), &options, &err), err);
}

static void teardown(void)
{
	struct wpkg_err err;
	admission_free(admission);
	admission = NULL;
	wpkg_store_close(store);
	ck_ok(wpkg_file_remove_tree(AT_FDCWD, folder, &err), err);
	wpkg_arena_clear(&arena);
}

static void start_with(struct admission_options options)
{
	struct wpkg_err err;
	if (!options.worker)
		options.worker = real_worker();
	ck_ok(admission_new(&admission, &options, &err), err);
}

/* This program under another name. */
static const char *impostor(const char *name)
{
	struct wpkg_err err;
	struct wpkg_file_map self;
	ck_ok(wpkg_file_map_open(&self, AT_FDCWD, self_path(), (uint64_t)1 << 30, &err), err);
	ck_ok(wpkg_file_write(AT_FDCWD, in_folder(name), self.bytes, 0755, 0, &err), err);
	wpkg_file_map_close(&self);
	return in_folder(name);
}

/* A package with these modules as parcels; checks as JSON, or NULL. */
static struct wpkg_invoice *package(const struct wpkg_str *modules, size_t count, bool stored,
				    const char *checks)
{
	struct wpkg_err err;
	struct wpkg_uploaded uploaded;
	struct wpkg_invoice *invoice = wpkg_arena_alloc(&arena, 1, sizeof(*invoice));
	invoice->bindle_version = WPKG_LIT("1.0.0");
	invoice->name = WPKG_LIT("example.com/app");
	invoice->version = WPKG_LIT("1.0.0");
	invoice->parcels = wpkg_arena_alloc(&arena, count, sizeof(*invoice->parcels));
	invoice->parcel_count = count;
	for (size_t i = 0; i < count; i++) {
		char hex[WPKG_DIGEST_TEXT];
		struct wpkg_label *label = &invoice->parcels[i].label;
		ck_ok(wpkg_digest_of(&uploaded.digest, modules[i], &err), err);
		if (stored)
			ck_ok(wpkg_blob_put(&uploaded, store, NULL, modules[i], &err), err);
		wpkg_digest_format(hex, &uploaded.digest);
		label->sha256 = wpkg_arena_dup(&arena, wpkg_str_from(hex));
		label->name = wpkg_arena_format(&arena, "%zu.wasm", i);
		label->media_type = WPKG_LIT("application/wasm");
		label->size = modules[i].len;
	}
	if (checks)
		ck_assert(wpkg_map_set(&arena, &invoice->annotations,
				       WPKG_LIT(WPKG_ANNOTATION_CHECKS), wpkg_str_from(checks)));
	return invoice;
}

static struct admission_result ask(const struct wpkg_invoice *invoice)
{
	struct wpkg_err err;
	struct admission_result result;
	struct admission_question question = {.invoice = invoice, .store = store};
	ck_ok(admission_run(&result, admission, &question, &arena, &err), err);
	return result;
}

/* Whatever happened, what is kept must be a verdict, and the same one. */
static void check_verdict(const struct admission_result *result)
{
	struct wpkg_err err;
	struct wpkg_verdict verdict;
	ck_ok(wpkg_verdict_read(&verdict, &arena, result->settlement.verdict, &err), err);
	ck_assert(verdict.accepted == result->settlement.accepted);
	ck_assert(wpkg_str_equal(verdict.reason, result->reason));
}

static void refused(const struct admission_result *result, const char *words)
{
	ck_assert(!result->settlement.accepted);
	ck_assert_msg(wpkg_str_contains(result->reason, wpkg_str_from(words)), "no '%s' in '%.*s'",
		      words, WPKG_STR_ARG(result->reason));
	check_verdict(result);
}

static const char one_check[] = "[{\"name\":\"runs\"}]";

START_TEST(what_is_good_is_accepted)
{
	setup();
	start_with((struct admission_options){0});
	struct admission_result result = ask(package(&good, 1, true, one_check));
	ck_assert(result.settlement.accepted);
	check_verdict(&result);
	ck_assert_uint_eq(result.settlement.fact_count, 1);
	ck_assert(wpkg_str_contains(result.settlement.facts[0].json,
				    WPKG_LIT("\"kind\":\"module\"")));
	teardown();
}
END_TEST

START_TEST(a_large_module_comes_as_a_file)
{
	setup();
	start_with((struct admission_options){0});
	/* A custom section makes it larger than a row of the database. */
	size_t padding = 200000;
	char *bytes = wpkg_arena_alloc(&arena, good.len + 5 + padding, 1);
	memcpy(bytes, good.ptr, good.len);
	memcpy(bytes + good.len, "\0\xc0\x9a\x0c\0", 5);
	struct wpkg_str large = wpkg_str_of(bytes, good.len + 4 + padding);
	struct admission_result result = ask(package(&large, 1, true, one_check));
	ck_assert_msg(result.settlement.accepted, "%.*s", WPKG_STR_ARG(result.reason));
	teardown();
}
END_TEST

START_TEST(what_is_invalid_is_refused_with_its_place)
{
	setup();
	start_with((struct admission_options){0});
	struct wpkg_str both[] = {good, invalid};
	struct admission_result result = ask(package(both, 2, true, one_check));
	refused(&result, "parcel 1.wasm: 0x");
	ck_assert_uint_eq(result.settlement.fact_count, 1);
	teardown();
}
END_TEST

START_TEST(a_check_that_fails_is_the_reason)
{
	setup();
	start_with((struct admission_options){0});
	struct admission_result result =
		ask(package(&good, 1, true, "[{\"name\":\"exits\",\"exit-code\":3}]"));
	refused(&result, "check exits: exit code 0, not 3");
	teardown();
}
END_TEST

START_TEST(an_endless_loop_ends_with_the_check_s_time)
{
	setup();
	start_with((struct admission_options){.seconds = 60});
	struct admission_result result =
		ask(package(&spin, 1, true, "[{\"name\":\"runs\",\"timeout\":1}]"));
	refused(&result, "check runs: time used up");
	teardown();
}
END_TEST

START_TEST(an_endless_loop_ends_with_the_version_s_time)
{
	setup();
	start_with((struct admission_options){.seconds = 1});
	struct admission_result result = ask(package(&spin, 1, true, one_check));
	refused(&result, "check runs: time used up");
	teardown();
}
END_TEST

START_TEST(an_endless_loop_ends_with_the_fuel)
{
	setup();
	start_with((struct admission_options){.fuel = 1000});
	struct admission_result result = ask(package(&spin, 1, true, one_check));
	refused(&result, "check runs: fuel used up");
	teardown();
}
END_TEST

START_TEST(a_parcel_that_is_missing_is_no_verdict)
{
	struct wpkg_err err;
	struct admission_result result;
	setup();
	start_with((struct admission_options){0});
	struct admission_question question = {.invoice = package(&good, 1, false, NULL),
					      .store = store};
	ck_status(admission_run(&result, admission, &question, &arena, &err), WPKG_EIO);
	/* The admission goes on. */
	ck_assert(ask(package(&good, 1, true, NULL)).settlement.accepted);
	teardown();
}
END_TEST

START_TEST(rules_of_the_operator_hold)
{
	setup();
	start_with((struct admission_options){
		.policy = {.need_check = true, .need_license = true, .functions = 5}});
	struct admission_result result = ask(package(&good, 1, true, NULL));
	refused(&result, "rule need-check");
	ck_assert(wpkg_str_contains(result.settlement.verdict,
				    WPKG_LIT("{\"rule\":\"functions\",\"passed\":true}")));
	teardown();
}
END_TEST

START_TEST(without_its_program_there_is_no_admission)
{
	struct wpkg_err err;
	setup();
	struct admission_options options = {.worker = in_folder("nothing")};
	ck_status(admission_new(&admission, &options, &err), WPKG_ENOTFOUND);
	options.worker = impostor("leaves");
	ck_status(admission_new(&admission, &options, &err), WPKG_EIO);
	options.worker = impostor("mumbles");
	ck_status(admission_new(&admission, &options, &err), WPKG_EIO);
	teardown();
}
END_TEST

/* Processes. */

/* A process whose parent is that one; 0 when there is none. */
static pid_t child_of(pid_t parent)
{
	pid_t found = 0;
	DIR *list = opendir("/proc");
	ck_assert_ptr_nonnull(list);
	for (struct dirent *entry = readdir(list); entry && !found; entry = readdir(list)) {
		char path[300], text[512];
		int pid, above;
		snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
		int fd = open(path, O_RDONLY);
		if (fd < 0)
			continue;
		ssize_t n = read(fd, text, sizeof(text) - 1);
		close(fd);
		text[n > 0 ? n : 0] = '\0';
		const char *behind = strrchr(text, ')');
		if (behind && sscanf(text, "%d", &pid) == 1 &&
		    sscanf(behind, ") %*c %d", &above) == 1 && above == parent)
			found = pid;
	}
	closedir(list);
	return found;
}

static pid_t await_child_of(pid_t parent)
{
	for (unsigned i = 0; i < 1000; i++) {
		pid_t pid = child_of(parent);
		if (pid)
			return pid;
		usleep(10000);
	}
	ck_abort_msg("no child of %d", (int)parent);
	return 0;
}

struct asking {
	pthread_t thread;
	const struct wpkg_invoice *invoice;
	struct wpkg_arena arena;
	struct admission_result result;
	struct wpkg_err err;
	enum wpkg_status status;
	bool checks; /* the worker is at a check */
};

static void note_progress(void *state, const char *line)
{
	struct asking *asking = state;
	if (strncmp(line, "check ", strlen("check ")) == 0)
		__atomic_store_n(&asking->checks, true, __ATOMIC_SEQ_CST);
}

static void *run_asking(void *data)
{
	struct asking *asking = data;
	struct admission_question question = {.invoice = asking->invoice,
					      .store = store,
					      .progress = note_progress,
					      .state = asking};
	asking->status =
		admission_run(&asking->result, admission, &question, &asking->arena, &asking->err);
	return NULL;
}

static void begin_asking(struct asking *asking, const struct wpkg_invoice *invoice)
{
	*asking = (struct asking){.invoice = invoice};
	wpkg_arena_init(&asking->arena, (size_t)64 << 20);
	ck_assert_int_eq(pthread_create(&asking->thread, NULL, run_asking, asking), 0);
}

static void end_asking(struct asking *asking)
{
	ck_assert_int_eq(pthread_join(asking->thread, NULL), 0);
}

START_TEST(a_worker_that_is_killed_has_refused)
{
	struct asking asking;
	setup();
	start_with((struct admission_options){.seconds = 60});
	begin_asking(&asking, package(&spin, 1, true, one_check));
	pid_t worker = await_child_of(await_child_of(getpid()));
	for (unsigned i = 0; i < 1000 && !__atomic_load_n(&asking.checks, __ATOMIC_SEQ_CST); i++)
		usleep(10000);
	ck_assert_int_eq(kill(worker, SIGKILL), 0);
	end_asking(&asking);
	ck_assert_int_eq(asking.status, WPKG_OK);
	refused(&asking.result, "check runs: the system ended the worker");
	wpkg_arena_clear(&asking.arena);
	teardown();
}
END_TEST

START_TEST(when_all_are_killed_there_is_no_verdict_and_a_new_start)
{
	struct asking asking;
	setup();
	start_with((struct admission_options){.seconds = 60});
	begin_asking(&asking, package(&spin, 1, true, one_check));
	pid_t parent = await_child_of(getpid());
	pid_t worker = await_child_of(parent);
	ck_assert_int_eq(kill(parent, SIGKILL), 0);
	end_asking(&asking);
	ck_assert_int_eq(asking.status, WPKG_EBUSY);
	for (unsigned i = 0; i < 1000 && kill(worker, 0) == 0; i++)
		usleep(10000);
	ck_assert_int_ne(kill(worker, 0), 0);
	ck_assert(ask(package(&good, 1, true, one_check)).settlement.accepted);
	wpkg_arena_clear(&asking.arena);
	teardown();
}
END_TEST

START_TEST(several_are_asked_at_once)
{
	struct asking asking[6];
	setup();
	start_with((struct admission_options){.workers = 3, .seconds = 10});
	for (unsigned i = 0; i < 6; i++)
		begin_asking(&asking[i],
			     package(i % 2 ? &good : &invalid, 1, true, i % 2 ? one_check : NULL));
	for (unsigned i = 0; i < 6; i++) {
		end_asking(&asking[i]);
		ck_assert_int_eq(asking[i].status, WPKG_OK);
		ck_assert(asking[i].result.settlement.accepted == (i % 2 == 1));
		wpkg_arena_clear(&asking[i].arena);
	}
	teardown();
}
END_TEST

START_TEST(nothing_is_left_behind)
{
	setup();
	start_with((struct admission_options){0});
	int before = dup(0);
	close(before);
	for (unsigned i = 0; i < 20; i++)
		ask(package(i % 2 ? &good : &invalid, 1, true, NULL));
	int after = dup(0);
	close(after);
	ck_assert_int_eq(after, before);
	pid_t parent = await_child_of(getpid());
	ck_assert_int_eq(child_of(parent), 0);
	teardown();
	ck_assert_int_eq(child_of(getpid()), 0);
}
END_TEST

/* Impostors: a program that greets as wpkg-admit does, and workers that do as its name says. */

static void say(int channel, uint32_t kind, struct wpkg_str bytes)
{
	struct wpkg_err err;
	struct wpkg_message message = {.kind = kind, .bytes = bytes};
	if (wpkg_channel_send(channel, &message, 0, &err) != WPKG_OK)
		_exit(1);
}

static void say_verdict(int channel, const char *json)
{
	say(channel, WPKG_ADMISSION_VERDICT, wpkg_str_from(json));
}

static void be_worker(const char *name, int channel)
{
	struct wpkg_err err;
	const uint32_t huge[2] = {WPKG_ADMISSION_VERDICT, UINT32_MAX}, far = 99, near = 0;
	struct wpkg_message along = {
		.kind = WPKG_ADMISSION_PROGRESS, .fds = {channel}, .fd_count = 1};
	if (strcmp(name, "babbles") == 0)
		(void)!write(channel, "this is no message, is it? no.", 30);
	else if (strcmp(name, "boasts") == 0)
		(void)!write(channel, huge, sizeof(huge));
	else if (strcmp(name, "lies") == 0)
		say_verdict(channel, "{\"accepted\":true,\"modules\":[{\"parcel\":\"0.wasm\","
				     "\"valid\":false}],\"checks\":[]}");
	else if (strcmp(name, "scrawls") == 0)
		say_verdict(channel, "{\"accepted\":");
	else if (strcmp(name, "wants-more") == 0)
		say(channel, WPKG_ADMISSION_NEED, wpkg_str_of(&far, sizeof(far)));
	else if (strcmp(name, "gives-files") == 0)
		(void)!wpkg_channel_send(channel, &along, 0, &err);
	else if (strcmp(name, "crashes") == 0)
		abort();
	else if (strcmp(name, "gives-up") == 0)
		_exit(1);
	else if (strcmp(name, "invents") == 0)
		say_verdict(
			channel,
			"{\"accepted\":true,\"modules\":[{\"parcel\":\"x\",\"valid\":true,"
			"\"sha256\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			"aaaaa\",\"facts\":{}}],\"checks\":[]}");
	while (strcmp(name, "chatters") == 0)
		say(channel, WPKG_ADMISSION_PROGRESS, WPKG_LIT("check \x1b[31mevil"));
	while (strcmp(name, "never-reads") == 0)
		say(channel, WPKG_ADMISSION_NEED, wpkg_str_of(&near, sizeof(near)));
	pause();
}

static void watch(const char *name, int channel, int leash)
{
	struct wpkg_admission_ended ended = {.exit_code = -1};
	int how;
	pid_t pid = fork();
	if (pid == 0) {
		close(leash);
		close(WPKG_ADMISSION_CHANNEL);
		be_worker(name, channel);
		_exit(0);
	}
	close(channel);
	struct pollfd let_go = {.fd = leash, .events = POLLIN};
	while (waitpid(pid, &how, WNOHANG) == 0)
		if (poll(&let_go, 1, 10) > 0)
			kill(pid, SIGKILL);
	if (WIFEXITED(how))
		ended.exit_code = WEXITSTATUS(how);
	if (WIFSIGNALED(how))
		ended.signal = WTERMSIG(how);
	say(leash, WPKG_ADMISSION_ENDED, wpkg_str_of(&ended, sizeof(ended)));
	close(leash);
}

static int be_impostor(void)
{
	struct wpkg_err err;
	struct wpkg_buf bytes;
	struct wpkg_message message;
	const char *name = strrchr(self_path(), '/') + 1;
	if (strcmp(name, "leaves") == 0)
		return 0;
	if (strcmp(name, "mumbles") == 0)
		say(WPKG_ADMISSION_CHANNEL, 77, WPKG_LIT(""));
	say(WPKG_ADMISSION_CHANNEL, WPKG_ADMISSION_READY, WPKG_LIT("everything"));
	wpkg_buf_init(&bytes, 1000);
	while (wpkg_channel_receive(&message, &bytes, WPKG_ADMISSION_CHANNEL, 2, 0, &err) ==
	       WPKG_OK) {
		if (strcmp(name, "vanishes") == 0)
			return 0;
		watch(name, message.fds[0], message.fds[1]);
	}
	return 0;
}

static void refused_by(const char *name, const char *words)
{
	setup();
	start_with((struct admission_options){.worker = impostor(name), .seconds = 1});
	ck_assert_str_eq(admission_missing(admission), "everything");
	struct admission_result result = ask(package(&good, 1, true, one_check));
	refused(&result, words);
	ck_assert_uint_eq(result.settlement.fact_count, 0);
	teardown();
}

START_TEST(nonsense_is_a_refusal)
{
	static const char *const names[] = {"babbles", "boasts",     "lies",
					    "scrawls", "wants-more", "gives-files"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		refused_by(names[i], "the worker answered nonsense");
}
END_TEST

START_TEST(a_worker_that_dies_has_refused)
{
	refused_by("crashes", "the worker crashed (signal 6, Aborted)");
	refused_by("gives-up", "the worker gave up");
}
END_TEST

START_TEST(a_worker_that_hangs_has_refused)
{
	refused_by("sleeps", "the time for the whole version was over");
	refused_by("chatters", "check \\x1b[31mevil: the time for the whole version was over");
	refused_by("never-reads", "the time for the whole version was over");
}
END_TEST

START_TEST(facts_about_others_are_not_taken)
{
	setup();
	start_with((struct admission_options){.worker = impostor("invents")});
	struct admission_result result = ask(package(&good, 1, true, NULL));
	ck_assert(result.settlement.accepted);
	ck_assert_uint_eq(result.settlement.fact_count, 0);
	teardown();
}
END_TEST

START_TEST(a_program_that_vanishes_is_no_verdict)
{
	struct wpkg_err err;
	struct admission_result result;
	setup();
	start_with((struct admission_options){.worker = impostor("vanishes")});
	struct admission_question question = {.invoice = package(&good, 1, true, NULL),
					      .store = store};
	ck_status(admission_run(&result, admission, &question, &arena, &err), WPKG_EBUSY);
	teardown();
}
END_TEST

int main(int argc, char **argv)
{
	if (argc == 1 && strcmp(argv[0], "wpkg-admit") == 0)
		return be_impostor();
	const TTest *const tests[] = {
		what_is_good_is_accepted,
		a_large_module_comes_as_a_file,
		what_is_invalid_is_refused_with_its_place,
		a_check_that_fails_is_the_reason,
		an_endless_loop_ends_with_the_check_s_time,
		an_endless_loop_ends_with_the_version_s_time,
		an_endless_loop_ends_with_the_fuel,
		a_parcel_that_is_missing_is_no_verdict,
		rules_of_the_operator_hold,
		without_its_program_there_is_no_admission,
		a_worker_that_is_killed_has_refused,
		when_all_are_killed_there_is_no_verdict_and_a_new_start,
		several_are_asked_at_once,
		nothing_is_left_behind,
		nonsense_is_a_refusal,
		a_worker_that_dies_has_refused,
		a_worker_that_hangs_has_refused,
		facts_about_others_are_not_taken,
		a_program_that_vanishes_is_no_verdict,
	};
	return unit_run(__FILE__, tests, sizeof(tests) / sizeof(tests[0]));
}
