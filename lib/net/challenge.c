/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   header    = challenge *( "," challenge )
 *   challenge = scheme [ 1*SP ( token68 / parameter *( "," parameter ) ) ]
 *   parameter = token BWS "=" BWS ( token / quoted-string )
 *
 * Commas separate both parameters and challenges: what follows one is a parameter when a '=' comes
 * behind its first word, else the next scheme.
 */
#include "net/challenge.h"

struct scan {
	struct wpkg_str text;
	size_t at;
	struct wpkg_arena *arena;
	struct wpkg_err *err;
};

static char peek(const struct scan *scan)
{
	return scan->at < scan->text.len ? scan->text.ptr[scan->at] : '\0';
}

static bool is_end(const struct scan *scan)
{
	return scan->at == scan->text.len;
}

static void pass(struct scan *scan, const char *marks)
{
	while (!is_end(scan) && peek(scan) != '\0' && strchr(marks, peek(scan)))
		scan->at++;
}

static bool is_alphanumeric(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* RFC 9110 section 5.6.2, "tchar". */
static struct wpkg_str take_token(struct scan *scan)
{
	size_t start = scan->at;
	while (!is_end(scan) && (is_alphanumeric(peek(scan)) ||
				 (peek(scan) != '\0' && strchr("!#$%&'*+-.^_`|~", peek(scan)))))
		scan->at++;
	return wpkg_str_slice(scan->text, start, scan->at);
}

static enum wpkg_status malformed(const struct scan *scan)
{
	return WPKG_FAIL(scan->err, WPKG_EFORMAT, "WWW-Authenticate: nonsense at '%.*s'",
			 WPKG_STR_ARG(wpkg_str_slice(scan->text, scan->at, scan->at + 40)));
}

static enum wpkg_status take_quoted(struct wpkg_str *out, struct scan *scan)
{
	char *text = wpkg_arena_alloc(scan->arena, scan->text.len - scan->at, 1);
	size_t len = 0;
	if (!text)
		return WPKG_FAIL(scan->err, WPKG_ENOMEM, "no memory for a challenge");
	for (scan->at++; !is_end(scan) && peek(scan) != '"'; scan->at++) {
		if (peek(scan) == '\\' && scan->at + 1 < scan->text.len)
			scan->at++;
		if ((unsigned char)peek(scan) < 0x20 && peek(scan) != '\t')
			return malformed(scan);
		text[len++] = peek(scan);
	}
	if (is_end(scan))
		return malformed(scan);
	scan->at++;
	*out = wpkg_str_of(text, len);
	return WPKG_OK;
}

static enum wpkg_status take_value(struct wpkg_str *out, struct scan *scan)
{
	if (peek(scan) == '"')
		return take_quoted(out, scan);
	struct wpkg_str token = take_token(scan);
	if (token.len == 0)
		return malformed(scan);
	*out = wpkg_arena_dup(scan->arena, token);
	return out->ptr ? WPKG_OK : WPKG_FAIL(scan->err, WPKG_ENOMEM, "no memory for a challenge");
}

/* "YWJj==" behind a scheme: characters of base64, then nothing but '='. */
static bool pass_token68(struct scan *scan)
{
	size_t start = scan->at;
	while (!is_end(scan) && (is_alphanumeric(peek(scan)) ||
				 (peek(scan) != '\0' && strchr("-._~+/", peek(scan)))))
		scan->at++;
	bool any = scan->at > start;
	pass(scan, "=");
	size_t end = scan->at;
	pass(scan, " \t");
	if (any && (is_end(scan) || peek(scan) == ',')) {
		scan->at = end;
		return true;
	}
	scan->at = start;
	return false;
}

static void keep(struct wpkg_challenge *challenge, struct wpkg_str name, struct wpkg_str value)
{
	const struct {
		const char *name;
		struct wpkg_str *value;
	} known[] = {{"realm", &challenge->realm},
		     {"service", &challenge->service},
		     {"scope", &challenge->scope}};
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (wpkg_str_equal_nocase(name, wpkg_str_from(known[i].name)))
			*known[i].value = value;
}

/* A parameter when a '=' follows the word that was taken; *is_one says so. */
static enum wpkg_status take_parameter(struct wpkg_challenge *challenge, bool *is_one,
				       struct scan *scan, struct wpkg_str word)
{
	struct wpkg_str value;
	size_t after = scan->at;
	pass(scan, " \t");
	*is_one = peek(scan) == '=';
	if (!*is_one) {
		scan->at = after;
		return WPKG_OK;
	}
	scan->at++;
	pass(scan, " \t");
	enum wpkg_status status = take_value(&value, scan);
	if (status == WPKG_OK)
		keep(challenge, word, value);
	return status;
}

/* The parameters up to the next scheme, whose word is put back. */
static enum wpkg_status take_parameters(struct wpkg_challenge *challenge, struct scan *scan)
{
	*challenge = (struct wpkg_challenge){0};
	if (peek(scan) == ' ') {
		pass(scan, " ");
		if (pass_token68(scan))
			return WPKG_OK;
	}
	for (;;) {
		bool is_one = false;
		pass(scan, " \t,");
		size_t start = scan->at;
		struct wpkg_str word = take_token(scan);
		if (word.len == 0)
			return is_end(scan) ? WPKG_OK : malformed(scan);
		enum wpkg_status status = take_parameter(challenge, &is_one, scan, word);
		if (status != WPKG_OK)
			return status;
		if (!is_one) {
			scan->at = start;
			return WPKG_OK;
		}
		pass(scan, " \t");
		if (!is_end(scan) && peek(scan) != ',')
			return malformed(scan);
	}
}

enum wpkg_status wpkg_challenge_find(struct wpkg_challenge *out, struct wpkg_arena *arena,
				     struct wpkg_str header, const char *scheme,
				     struct wpkg_err *err)
{
	struct scan scan = {.text = header, .arena = arena, .err = err};
	for (;;) {
		struct wpkg_challenge challenge;
		pass(&scan, " \t,");
		struct wpkg_str word = take_token(&scan);
		if (word.len == 0 && is_end(&scan))
			return WPKG_FAIL(err, WPKG_ENOTFOUND, "no challenge of %s", scheme);
		if (word.len == 0)
			return malformed(&scan);
		enum wpkg_status status = take_parameters(&challenge, &scan);
		if (status != WPKG_OK)
			return status;
		if (wpkg_str_equal_nocase(word, wpkg_str_from(scheme))) {
			*out = challenge;
			return WPKG_OK;
		}
	}
}
