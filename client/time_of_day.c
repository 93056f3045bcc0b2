/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libsodium and jansson, which are linked into wpkg, ask for when they seed something. The C
 * library chooses its own gettimeofday while the program is loaded, and touches for that 128 KiB of
 * itself at each start that nothing else there needs.
 */
#include <sys/time.h>
#include <time.h>

__attribute__((visibility("hidden"))) int gettimeofday(struct timeval *restrict now,
						       void *restrict zone)
{
	struct timespec time;
	(void)zone;
	int result = clock_gettime(CLOCK_REALTIME, &time);
	now->tv_sec = time.tv_sec;
	now->tv_usec = time.tv_nsec / 1000;
	return result;
}
