/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pushes small unique blobs to an OCI registry on loopback, over connections that stay:
 * push_blobs PORT REPOSITORY COUNT CONNECTIONS SIZE put|single. "put" is POST and PUT, which every
 * registry takes; "single" a POST with the digest. Prints how many a second were acknowledged.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "crypto/digest.h"

#define HEAD_MAX 16384
#define LOCATION_MAX 4096

static struct {
	uint16_t port;
	const char *repository;
	long count;
	size_t size;
	bool single;
	uint64_t seed;
	atomic_long next, failed;
} work;

static int dial(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(work.port)};
	int one = 1;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) == 0)
		return fd;
	perror("connect");
	exit(1);
}

static bool send_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
		if (sent <= 0)
			return false;
		bytes += sent;
		len -= (size_t)sent;
	}
	return true;
}

static long field_number(const char *head, const char *name)
{
	const char *at = strcasestr(head, name);
	return at ? strtol(at + strlen(name), NULL, 10) : 0;
}

/* The path and query of Location, whether it has scheme and host or not. */
static void take_location(char out[LOCATION_MAX], const char *head)
{
	const char *at = strcasestr(head, "\r\nLocation: ");
	out[0] = '\0';
	if (!at)
		return;
	at += strlen("\r\nLocation: ");
	if (strncmp(at, "http://", 7) == 0)
		at = strchr(at + 7, '/');
	size_t len = at ? strcspn(at, "\r") : 0;
	if (len < LOCATION_MAX)
		snprintf(out, LOCATION_MAX, "%.*s", (int)len, at ? at : "");
}

/* Reads a whole answer; its status, or 0. */
static int receive(int fd, char location[LOCATION_MAX])
{
	char head[HEAD_MAX];
	size_t len = 0;
	char *end = NULL;
	while (!end && len < sizeof(head) - 1) {
		ssize_t got = recv(fd, head + len, sizeof(head) - 1 - len, 0);
		if (got <= 0)
			return 0;
		len += (size_t)got;
		head[len] = '\0';
		end = strstr(head, "\r\n\r\n");
	}
	if (!end)
		return 0;
	long body =
		field_number(head, "\r\nContent-Length: ") - (long)(len - (size_t)(end + 4 - head));
	take_location(location, head);
	int status = (int)strtol(head + strlen("HTTP/1.1 "), NULL, 10);
	while (body > 0) {
		ssize_t got = recv(fd, head,
				   sizeof(head) < (size_t)body ? sizeof(head) : (size_t)body, 0);
		if (got <= 0)
			return 0;
		body -= got;
	}
	return status;
}

static int ask(int fd, const char *method, const char *target, struct wpkg_str body,
	       char location[LOCATION_MAX])
{
	char head[LOCATION_MAX + 512];
	int len = snprintf(head, sizeof(head),
			   "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
			   "Content-Type: application/octet-stream\r\nContent-Length: %zu\r\n\r\n",
			   method, target, (unsigned)work.port, body.len);
	/* One segment, as an HTTP client would write a small body. */
	char *whole = malloc((size_t)len + body.len);
	memcpy(whole, head, (size_t)len);
	memcpy(whole + len, body.ptr, body.len);
	bool sent = send_all(fd, whole, (size_t)len + body.len);
	free(whole);
	return sent ? receive(fd, location) : 0;
}

static bool push(int fd, struct wpkg_str blob)
{
	char location[LOCATION_MAX];
	char target[LOCATION_MAX + 128];
	char text[WPKG_DIGEST_TEXT];
	struct wpkg_digest digest;
	if (wpkg_digest_of(&digest, blob, NULL) != WPKG_OK)
		return false;
	wpkg_digest_format(text, &digest);
	snprintf(target, sizeof(target), "/v2/%s/blobs/uploads/%s%s", work.repository,
		 work.single ? "?digest=sha256:" : "", work.single ? text : "");
	if (work.single)
		return ask(fd, "POST", target, blob, location) == 201;
	if (ask(fd, "POST", target, (struct wpkg_str){"", 0}, location) != 202)
		return false;
	snprintf(target, sizeof(target), "%s%cdigest=sha256:%s", location,
		 strchr(location, '?') ? '&' : '?', text);
	return ask(fd, "PUT", target, blob, location) == 201;
}

static void *push_all(void *unused)
{
	int fd = dial();
	char *blob = calloc(1, work.size);
	(void)unused;
	for (long i; (i = atomic_fetch_add(&work.next, 1)) < work.count;) {
		snprintf(blob, work.size, "%016llx %ld", (unsigned long long)work.seed, i);
		if (!push(fd, wpkg_str_of(blob, work.size)))
			atomic_fetch_add(&work.failed, 1);
	}
	free(blob);
	close(fd);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[256];
	if (argc != 7) {
		fprintf(stderr, "push_blobs PORT REPOSITORY COUNT CONNECTIONS SIZE put|single\n");
		return 2;
	}
	work.port = (uint16_t)strtol(argv[1], NULL, 10);
	work.repository = argv[2];
	work.count = strtol(argv[3], NULL, 10);
	size_t connections = strtoul(argv[4], NULL, 10);
	work.size = strtoul(argv[5], NULL, 10);
	work.single = strcmp(argv[6], "single") == 0;
	work.seed = wpkg_clock_monotonic();
	if (connections < 1 || connections > 256 || work.size < 64)
		return 2;
	uint64_t start = wpkg_clock_monotonic();
	for (size_t i = 0; i < connections; i++)
		pthread_create(&threads[i], NULL, push_all, NULL);
	for (size_t i = 0; i < connections; i++)
		pthread_join(threads[i], NULL);
	double seconds = (double)(wpkg_clock_monotonic() - start) / 1e9;
	printf("%.1f\n", (double)work.count / seconds);
	if (work.failed > 0)
		fprintf(stderr, "push_blobs: %ld of %ld failed\n", (long)work.failed, work.count);
	return work.failed > 0;
}
