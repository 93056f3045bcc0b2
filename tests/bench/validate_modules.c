/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast modules are validated: validate_modules [-q] FILE... Prints a line for each and one for
 * all (with -q only that): megabytes (1,000,000 bytes) of file and of code section for each second
 * of processor time on one thread, the best of several rounds; what the wall shows for two threads;
 * the same while the bytes arrive in pieces of 64 KiB; and by how much reading the module made the
 * process grow beyond the file.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/file.h"
#include "wasm/module.h"
#include "wasm/stream.h"

#define ROUNDS 5
#define PIECE (64 * 1024)

/* Seconds that each way took. */
struct times {
	double one, two, stream;
};

static double seconds(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static long peak_kib(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

static enum wpkg_status read_once(struct wpkg_str bytes, unsigned threads, uint32_t *code,
				  struct wpkg_err *err)
{
	const struct wpkg_module_options options = {.threads = threads};
	struct wpkg_module *module;
	enum wpkg_status status = wpkg_module_read(&module, bytes, &options, err);
	if (status != WPKG_OK)
		return status;
	*code = 0;
	for (uint32_t i = 0; i < module->section_count; i++)
		if (module->sections[i].id == WPKG_SECTION_CODE)
			*code = module->sections[i].body.end - module->sections[i].body.start;
	wpkg_module_free(module);
	return WPKG_OK;
}

static enum wpkg_status stream_once(struct wpkg_str bytes, struct wpkg_err *err)
{
	struct wpkg_module_stream *stream;
	enum wpkg_status status = wpkg_module_stream_new(&stream, NULL, err);
	if (status != WPKG_OK)
		return status;
	while (status == WPKG_OK && bytes.len > 0) {
		struct wpkg_str piece = wpkg_str_slice(bytes, 0, PIECE);
		status = wpkg_module_stream_feed(stream, piece, err);
		bytes = wpkg_str_from_offset(bytes, piece.len);
	}
	if (status == WPKG_OK)
		status = wpkg_module_stream_finish(stream, err);
	wpkg_module_stream_free(stream);
	return status;
}

static void keep_best(double *best, double time, int round)
{
	if (round == 0 || time < *best)
		*best = time;
}

static enum wpkg_status measure(struct times *best, struct wpkg_str bytes, uint32_t *code,
				struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	for (int round = 0; round < ROUNDS && status == WPKG_OK; round++) {
		double start = seconds(CLOCK_THREAD_CPUTIME_ID);
		status = read_once(bytes, 1, code, err);
		keep_best(&best->one, seconds(CLOCK_THREAD_CPUTIME_ID) - start, round);
		if (status != WPKG_OK)
			break;
		start = seconds(CLOCK_MONOTONIC);
		status = read_once(bytes, 2, code, err);
		keep_best(&best->two, seconds(CLOCK_MONOTONIC) - start, round);
		if (status != WPKG_OK)
			break;
		start = seconds(CLOCK_THREAD_CPUTIME_ID);
		status = stream_once(bytes, err);
		keep_best(&best->stream, seconds(CLOCK_THREAD_CPUTIME_ID) - start, round);
	}
	return status;
}

static void print(const char *name, double file, double code, const struct times *times, long kib)
{
	printf("%-28.28s %7.2f MB %6.0f MB/s of file %6.0f of code; 2 threads %6.0f; "
	       "stream %6.0f; file + %.1f MB\n",
	       name, file / 1e6, file / 1e6 / times->one, code / 1e6 / times->one,
	       file / 1e6 / times->two, file / 1e6 / times->stream, (double)kib / 1024);
}

int main(int argc, char **argv)
{
	bool is_quiet = argc > 1 && strcmp(argv[1], "-q") == 0;
	struct times all = {0};
	double files = 0, codes = 0;
	long largest_kib = 0;
	for (int i = 1 + is_quiet; i < argc; i++) {
		struct wpkg_buf buf;
		struct wpkg_err err = {0};
		struct times best = {0};
		uint32_t code = 0;
		wpkg_buf_init(&buf, SIZE_MAX - 1);
		enum wpkg_status status = wpkg_file_read(&buf, AT_FDCWD, argv[i], &err);
		long before = peak_kib();
		if (status == WPKG_OK)
			status = measure(&best, wpkg_buf_str(&buf), &code, &err);
		if (status == WPKG_OK) {
			const char *slash = strrchr(argv[i], '/');
			long kib = peak_kib() - before;
			largest_kib = kib > largest_kib ? kib : largest_kib;
			files += (double)buf.len;
			codes += code;
			all.one += best.one;
			all.two += best.two;
			all.stream += best.stream;
			if (!is_quiet)
				print(slash ? slash + 1 : argv[i], (double)buf.len, code, &best,
				      kib);
		} else {
			printf("%s: %s\n", argv[i], err.msg);
		}
		wpkg_buf_clear(&buf);
	}
	print("all", files, codes, &all, largest_kib);
	return 0;
}
