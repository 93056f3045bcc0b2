/* SPDX-License-Identifier: Apache-2.0 */
#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
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

/*
 * SIGINT is blocked while the echo is off, so that an interrupted prompt does not leave a terminal
 * that shows nothing; it arrives when the echo is back.
 */
enum wpkg_status secret_ask(struct wpkg_buf *out, const char *prompt, bool echo,
			    struct wpkg_err *err)
{
	struct termios before;
	sigset_t interrupts;
	sigset_t mask;
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || tcgetattr(fd, &before) != 0) {
		if (fd >= 0)
			close(fd);
		return WPKG_FAIL(err, WPKG_EINVAL, "%s: there is no terminal to ask on", prompt);
	}
	struct termios quiet = before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	quiet.c_lflag |= ECHONL;
	sigemptyset(&interrupts);
	sigaddset(&interrupts, SIGINT);
	sigaddset(&interrupts, SIGTSTP);
	if (!echo) {
		sigprocmask(SIG_BLOCK, &interrupts, &mask);
		tcsetattr(fd, TCSAFLUSH, &quiet);
	}
	enum wpkg_status status = wpkg_file_write_fd(fd, wpkg_str_from(prompt), "terminal", err);
	if (status == WPKG_OK)
		status = wpkg_file_write_fd(fd, WPKG_LIT(": "), "terminal", err);
	if (status == WPKG_OK)
		status = read_line(out, fd, err);
	if (!echo) {
		tcsetattr(fd, TCSAFLUSH, &before);
		sigprocmask(SIG_SETMASK, &mask, NULL);
	}
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
