/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_BASE_ERR_H
#define WPKG_BASE_ERR_H

/*
 * The one error idiom.
 *
 * A function that can fail returns an enum wpkg_status and takes a struct wpkg_err as its last
 * parameter. Success leaves the error untouched; failure fills it and leaves every out parameter
 * untouched. The caller owns the struct, usually on its stack; it may be NULL where only the
 * status matters.
 *
 * A message is lower case, one line, without a full stop, and says what is wrong with which item.
 * The deepest function writes it; callers prepend only what it could not know. Whatever foreign
 * text goes in, what comes out is printable: control characters, broken UTF-8 and characters that
 * reorder text are escaped, and a message that is too long is cut.
 */

#include <stdarg.h>

enum wpkg_status {
	WPKG_OK = 0,
	WPKG_ENOMEM,	/* no memory, or the creator's bound of a buffer is reached */
	WPKG_EINVAL,	/* the caller asked for something that cannot be */
	WPKG_EFORMAT,	/* outside data does not follow its format */
	WPKG_ELIMIT,	/* outside data follows its format but passes a limit of ours */
	WPKG_ENOTFOUND, /* no such thing */
	WPKG_EEXISTS,	/* there already, or different from what is there */
	WPKG_EDENIED,	/* not allowed, not trusted, or not verified */
	WPKG_EBUSY,	/* try again later */
	WPKG_EIO,	/* the disk, the network or the system failed */
	WPKG_EFULL,	/* the disk has no room */
	WPKG_EQUOTA	/* what an operator allows of something is used up */
};

struct wpkg_err {
	enum wpkg_status status;
	char msg[256]; /* UTF-8, NUL-terminated */
};

#define WPKG_MUST_CHECK __attribute__((warn_unused_result))
#define WPKG_PRINTF(text, first) __attribute__((format(printf, text, first)))

/* Fills err (which may be NULL) with a status and a formatted message. */
void wpkg_err_set(struct wpkg_err *err, enum wpkg_status status, const char *format, ...)
	WPKG_PRINTF(3, 4);

/* Puts a formatted text and ": " before the message. */
void wpkg_err_prepend(struct wpkg_err *err, const char *format, ...) WPKG_PRINTF(2, 3);

/* The status of a system call's errno value: ENOENT is WPKG_ENOTFOUND, and so on. */
enum wpkg_status wpkg_status_of_errno(int code);

/* A lower-case word for the status, such as "not-found". Static text. */
const char *wpkg_status_name(enum wpkg_status status);

/*
 * Sets the error and is the status, for "return WPKG_FAIL(...)". A macro because gcc and
 * clang-tidy lose track of the value through a function and report uninitialised uses.
 */
#define WPKG_FAIL(err, status, ...) (wpkg_err_set((err), (status), __VA_ARGS__), (status))

/* The same from errno: the text, then ": " and the system's own words. */
#define WPKG_FAIL_ERRNO(err, code, ...)                                                            \
	(wpkg_err_set_errno((err), (code), __VA_ARGS__), wpkg_status_of_errno(code))

void wpkg_err_set_errno(struct wpkg_err *err, int code, const char *format, ...) WPKG_PRINTF(3, 4);

#endif
