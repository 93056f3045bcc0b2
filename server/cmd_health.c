/* SPDX-License-Identifier: Apache-2.0 */
/* wpkgd health: asks the server of this machine, as a container's health check does. */
#include "commands.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "config.h"
#include "listen.h"
#include "operator.h"

#define CONFIG_ARENA_MAX ((size_t)16 << 20)
#define ANSWER_MAX 8192
#define PATIENCE_SECONDS 5

static const char question[] = "GET /readyz HTTP/1.1\r\nHost: localhost\r\nAccept: text/plain\r\n"
			       "Connection: close\r\n\r\n";

/* A connection; with TLS when tls is not NULL. */
struct line {
	int fd;
	gnutls_certificate_credentials_t credentials;
	gnutls_session_t tls;
};

/*
 * The certificate is not looked at: it has the name that clients call the server, and what is at
 * the other end is this machine.
 */
static enum wpkg_status begin_tls(struct line *line, struct wpkg_err *err)
{
	int code = gnutls_certificate_allocate_credentials(&line->credentials);
	if (code == 0)
		code = gnutls_init(&line->tls, GNUTLS_CLIENT);
	if (code == 0)
		code = gnutls_set_default_priority(line->tls);
	if (code == 0)
		code = gnutls_credentials_set(line->tls, GNUTLS_CRD_CERTIFICATE, line->credentials);
	if (code == 0) {
		gnutls_transport_set_int(line->tls, line->fd);
		gnutls_handshake_set_timeout(line->tls, PATIENCE_SECONDS * 1000);
		do
			code = gnutls_handshake(line->tls);
		while (code < 0 && !gnutls_error_is_fatal(code));
	}
	return code == 0 ? WPKG_OK : WPKG_FAIL(err, WPKG_EIO, "TLS: %s", gnutls_strerror(code));
}

static void hang_up(struct line *line)
{
	if (line->tls)
		gnutls_deinit(line->tls);
	if (line->credentials)
		gnutls_certificate_free_credentials(line->credentials);
	if (line->fd >= 0)
		close(line->fd);
}

static enum wpkg_status ask(const struct line *line, struct wpkg_err *err)
{
	size_t len = sizeof(question) - 1;
	ssize_t n = line->tls ? gnutls_record_send(line->tls, question, len)
			      : send(line->fd, question, len, MSG_NOSIGNAL);
	return n == (ssize_t)len ? WPKG_OK : WPKG_FAIL(err, WPKG_EIO, "it takes no request");
}

/* All of it, or what fits: the connection ends with the answer. */
static enum wpkg_status hear(struct wpkg_buf *answer, const struct line *line, struct wpkg_err *err)
{
	uint64_t end = wpkg_clock_monotonic() + PATIENCE_SECONDS * UINT64_C(1000000000);
	char bytes[1024];
	while (answer->len + sizeof(bytes) <= ANSWER_MAX && wpkg_clock_monotonic() < end) {
		ssize_t n = line->tls ? gnutls_record_recv(line->tls, bytes, sizeof(bytes))
				      : recv(line->fd, bytes, sizeof(bytes), 0);
		if (n <= 0)
			break;
		wpkg_buf_append(answer, bytes, (size_t)n);
	}
	return wpkg_buf_check(answer, "answer", err);
}

/* "HTTP/1.1 200 ..." (RFC 9112, section 4). */
static enum wpkg_status judge(struct wpkg_buf *answer, struct wpkg_err *err)
{
	struct wpkg_str text = wpkg_buf_str(answer);
	const char *body = strstr(wpkg_buf_text(answer), "\r\n\r\n");
	uint64_t status = 0;
	if (!wpkg_str_starts(text, WPKG_LIT("HTTP/1.")) || text.len < 12 ||
	    !wpkg_str_parse_u64(wpkg_str_slice(text, 9, 12), &status))
		return WPKG_FAIL(err, WPKG_EIO, "no answer that is one of HTTP");
	if (status == 200)
		return WPKG_OK;
	text = body ? wpkg_str_trim(wpkg_str_from(body)) : wpkg_str_from("no reason");
	return WPKG_FAIL(err, status == 503 ? WPKG_EBUSY : WPKG_EIO, "not ready (%llu): %.*s",
			 (unsigned long long)status, WPKG_STR_ARG(text));
}

static enum wpkg_status examine(const struct config *config, struct wpkg_err *err)
{
	struct line line = {.fd = -1};
	struct wpkg_buf answer;
	wpkg_buf_init(&answer, ANSWER_MAX);
	enum wpkg_status status = listen_connect(&line.fd, config->listen, PATIENCE_SECONDS, err);
	if (status == WPKG_OK && config->tls_cert)
		status = begin_tls(&line, err);
	if (status == WPKG_OK)
		status = ask(&line, err);
	if (status == WPKG_OK)
		status = hear(&answer, &line, err);
	if (status == WPKG_OK)
		status = judge(&answer, err);
	if (status != WPKG_OK && status != WPKG_EINVAL)
		wpkg_err_prepend(err, "%s", config->listen);
	hang_up(&line);
	wpkg_buf_clear(&answer);
	return status;
}

static int run_health(const struct wpkg_invocation *invocation)
{
	struct wpkg_err err;
	struct wpkg_arena arena;
	struct config config;
	struct config_source source;
	wpkg_arena_init(&arena, CONFIG_ARENA_MAX);
	config_take(&source, invocation);
	enum wpkg_status status = config_complete(&config, &arena, &source, &err);
	int code = status == WPKG_OK ? WPKG_EXIT_DONE : WPKG_EXIT_USAGE;
	if (status == WPKG_OK) {
		status = examine(&config, &err);
		code = status == WPKG_EINVAL ? WPKG_EXIT_USAGE : (int)wpkg_exit_of(status);
	}
	if (status == WPKG_OK)
		puts("ready");
	else
		operator_note("%s", err.msg);
	wpkg_arena_clear(&arena);
	return code;
}

const struct wpkg_command cmd_health = {
	.name = "health",
	.operands = "",
	.summary = "ask the server of this machine whether it is ready",
	.description =
		"Takes the options, variables and file of 'serve' to know where it listens, asks "
		"for /readyz there, and waits five seconds at most. Exits 0 when the server is "
		"ready, 111 when it answers that it is not, 1 when nothing answers. For the health "
		"check of a container, whose image needs no other program for it. A server's port "
		"0 cannot be guessed.",
	.example = "wpkgd health --config /etc/wpkgd/config.toml",
	.options = config_rows,
	.options_size = sizeof(struct config),
	.run = run_health,
};
