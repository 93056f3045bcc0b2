/* SPDX-License-Identifier: Apache-2.0 */
#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "base/file.h"
#include "crypto/random.h"

/* The first line of a text, in place. */
static void keep_line(struct wpkg_buf *buf)
{
	struct wpkg_str line = wpkg_buf_str(buf);
	size_t end = wpkg_str_find(line, '\n');
	if (end > 0 && end < line.len && line.ptr[end - 1] == '\r')
		end--;
	buf->len = end;
	if (buf->ptr)
		buf->ptr[end] = '\0';
}

enum wpkg_status secret_read_fd(struct wpkg_buf *out, const char *text, const char *option,
				struct wpkg_err *err)
{
	uint64_t fd = 0;
	if (!wpkg_str_parse_u64(wpkg_str_from(text), &fd) || fd > INT_MAX)
		return WPKG_FAIL(err, WPKG_EINVAL, "%s: '%s' is no descriptor's number", option,
				 text);
	return wpkg_file_read_fd(out, (int)fd, option, err);
}

/* Terminal. */

static enum wpkg_status read_line(struct wpkg_buf *out, int fd, struct wpkg_err *err)
{
	char c = '\0';
	for (;;) {
		ssize_t n = read(fd, &c, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return WPKG_FAIL_ERRNO(err, errno, "terminal");
		if (n == 0 && out->len == 0)
			return WPKG_FAIL(err, WPKG_EINVAL, "the terminal was closed");
		if (n == 0 || c == '\n')
			return wpkg_buf_check(out, "line", err);
		wpkg_buf_append_byte(out, (uint8_t)c);
	}
}

/* Waits for the next line, or until there is a signal to take. */
static enum wpkg_status await_line(struct wpkg_buf *out, bool *interrupted, int fd, int signals,
				   struct wpkg_err *err)
{
	struct pollfd sources[] = {{.fd = fd, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
	while (poll(sources, 2, -1) < 0)
		if (errno != EINTR)
			return WPKG_FAIL_ERRNO(err, errno, "terminal");
	*interrupted = sources[1].revents != 0;
	return *interrupted ? WPKG_OK : read_line(out, fd, err);
}

static enum wpkg_status ask_at(struct wpkg_buf *out, bool *interrupted, int fd, int signals,
			       const char *prompt, struct wpkg_err *err)
{
	*interrupted = false;
	enum wpkg_status status = wpkg_file_write_fd(fd, wpkg_str_from(prompt), "terminal", err);
	if (status == WPKG_OK)
		status = wpkg_file_write_fd(fd, WPKG_LIT(": "), "terminal", err);
	return status == WPKG_OK ? await_line(out, interrupted, fd, signals, err) : status;
}

/*
 * Signals that end or stop the program are blocked while the echo is off, and looked for: one ends
 * the question and is taken when the terminal is as it was. Who comes back from a stop is asked
 * again.
 */
static enum wpkg_status ask_unseen(struct wpkg_buf *out, int fd, const struct termios *before,
				   const char *prompt, struct wpkg_err *err)
{
	static const int kinds[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
	sigset_t set, mask;
	bool interrupted = false;
	enum wpkg_status status = WPKG_OK;
	struct termios quiet = *before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	quiet.c_lflag |= ECHONL;
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		sigaddset(&set, kinds[i]);
	int signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (signals < 0)
		return WPKG_FAIL_ERRNO(err, errno, "signals");
	do {
		sigprocmask(SIG_BLOCK, &set, &mask);
		tcsetattr(fd, TCSAFLUSH, &quiet);
		status = ask_at(out, &interrupted, fd, signals, prompt, err);
		tcsetattr(fd, TCSAFLUSH, before);
		sigprocmask(SIG_SETMASK, &mask, NULL);
	} while (status == WPKG_OK && interrupted);
	close(signals);
	return status;
}

enum wpkg_status secret_ask(struct wpkg_buf *out, const char *prompt, bool echo,
			    struct wpkg_err *err)
{
	struct termios before;
	bool interrupted;
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || tcgetattr(fd, &before) != 0) {
		if (fd >= 0)
			close(fd);
		return WPKG_FAIL(err, WPKG_EINVAL, "%s: there is no terminal to ask on", prompt);
	}
	enum wpkg_status status = echo ? ask_at(out, &interrupted, fd, -1, prompt, err)
				       : ask_unseen(out, fd, &before, prompt, err);
	close(fd);
	return status;
}

static enum wpkg_status ask_again(const struct wpkg_buf *first, const char *prompt,
				  struct wpkg_err *err)
{
	struct wpkg_buf question;
	struct wpkg_buf second;
	wpkg_buf_init(&question, 256);
	wpkg_buf_init(&second, SECRET_MAX);
	wpkg_buf_append_format(&question, "%s, once more", prompt);
	enum wpkg_status status = secret_ask(&second, wpkg_buf_text(&question), false, err);
	if (status == WPKG_OK &&
	    (first->len != second.len ||
	     (second.len > 0 && !wpkg_bytes_equal_secret(first->ptr, second.ptr, second.len))))
		status = WPKG_FAIL(err, WPKG_EINVAL, "the two are not equal");
	wpkg_buf_wipe(&second);
	wpkg_buf_clear(&question);
	return status;
}

enum wpkg_status secret_read(struct wpkg_buf *out, const struct secret_source *source,
			     struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	if (source->fd)
		status = secret_read_fd(out, source->fd, source->prompt, err);
	else if (source->file)
		status = wpkg_file_read(out, AT_FDCWD, source->file, err);
	if (source->fd || source->file) {
		if (status == WPKG_OK)
			keep_line(out);
		return status;
	}
	status = secret_ask(out, source->prompt, false, err);
	if (status == WPKG_OK && source->twice)
		status = ask_again(out, source->prompt, err);
	return status;
}
