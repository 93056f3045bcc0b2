/* SPDX-License-Identifier: Apache-2.0 */
#include "net/docker_config.h"

#include "base/base64.h"
#include "data/json.h"

#define HELPER_MAX 64

/* The parser's own message may show what stands around the mistake: a secret. */
static enum wpkg_status read_object(struct wpkg_value **out, struct wpkg_arena *arena,
				    struct wpkg_str text, struct wpkg_err *err)
{
	struct wpkg_value *value = NULL;
	enum wpkg_status status = wpkg_json_read(&value, arena, text, NULL);
	if (status == WPKG_ENOMEM)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for credentials");
	if (status != WPKG_OK)
		return WPKG_FAIL(err, WPKG_EFORMAT, "not JSON");
	if (value->kind != WPKG_VALUE_TABLE)
		return WPKG_FAIL(err, WPKG_EFORMAT, "%s, not an object",
				 wpkg_value_kind_name(value->kind));
	*out = value;
	return WPKG_OK;
}

/* Keys were URLs once ("https://index.docker.io/v1/"), and still are where Docker wrote them. */
static struct wpkg_str plain_key(struct wpkg_str key)
{
	static const struct wpkg_str schemes[] = {WPKG_STR("https://"), WPKG_STR("http://")};
	for (size_t i = 0; i < 2; i++) {
		if (!wpkg_str_starts(key, schemes[i]))
			continue;
		key = wpkg_str_from_offset(key, schemes[i].len);
		return wpkg_str_slice(key, 0, wpkg_str_find(key, '/'));
	}
	return wpkg_str_ends(key, WPKG_LIT("/")) ? wpkg_str_slice(key, 0, key.len - 1) : key;
}

/* Is the key the host, or the head of "host/repository" up to one of its slashes? */
static bool covers(struct wpkg_str key, struct wpkg_str host, struct wpkg_str repository)
{
	if (wpkg_str_equal_nocase(key, host))
		return true;
	if (key.len <= host.len || key.ptr[host.len] != '/' ||
	    !wpkg_str_equal_nocase(wpkg_str_slice(key, 0, host.len), host))
		return false;
	struct wpkg_str inside = wpkg_str_from_offset(key, host.len + 1);
	return wpkg_str_starts(repository, inside) &&
	       (repository.len == inside.len || repository.ptr[inside.len] == '/');
}

static const struct wpkg_value *find_entry(const struct wpkg_value *auths, struct wpkg_str host,
					   struct wpkg_str repository)
{
	const struct wpkg_value *best = NULL;
	size_t longest = 0;
	for (size_t i = 0; auths && auths->kind == WPKG_VALUE_TABLE && i < auths->count; i++) {
		struct wpkg_str key = plain_key(auths->keys[i].string);
		if (key.len > longest && covers(key, host, repository)) {
			best = &auths->items[i];
			longest = key.len;
		}
	}
	return best;
}

static enum wpkg_status read_pair(struct wpkg_docker_credentials *out, struct wpkg_arena *arena,
				  struct wpkg_str auth, struct wpkg_err *err)
{
	size_t len = 0;
	char *bytes = wpkg_arena_alloc(arena, auth.len + 1, 1);
	if (!bytes)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for credentials");
	if (!wpkg_base64_parse(bytes, auth.len + 1, &len, auth))
		return WPKG_FAIL(err, WPKG_EFORMAT, "\"auth\" is no base64");
	/* Docker pads what it encodes with NULs. */
	while (len > 0 && bytes[len - 1] == '\0')
		len--;
	struct wpkg_str pair = wpkg_str_of(bytes, len);
	size_t colon = wpkg_str_find(pair, ':');
	if (colon == pair.len)
		return WPKG_FAIL(err, WPKG_EFORMAT, "\"auth\" is no user:password");
	out->user = wpkg_str_slice(pair, 0, colon);
	out->password = wpkg_str_from_offset(pair, colon + 1);
	return WPKG_OK;
}

static enum wpkg_status read_entry(struct wpkg_docker_credentials *out, struct wpkg_arena *arena,
				   const struct wpkg_value *entry, struct wpkg_err *err)
{
	struct wpkg_str auth = wpkg_value_find_string(entry, "auth");
	out->token = wpkg_value_find_string(entry, "registrytoken");
	out->user = wpkg_value_find_string(entry, "username");
	out->password = wpkg_value_find_string(entry, "password");
	if (auth.len > 0)
		return read_pair(out, arena, auth, err);
	if (out->user.len == 0 && out->token.len == 0 &&
	    wpkg_value_find_string(entry, "identitytoken").len > 0)
		return WPKG_FAIL(err, WPKG_EINVAL,
				 "an identity token is kept there: log in with a password or an "
				 "access token");
	return WPKG_OK;
}

static bool is_helper_name(struct wpkg_str name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    (c == '\0' || !strchr("-._", c)))
			return false;
	}
	return name.len > 0 && name.len <= HELPER_MAX;
}

static struct wpkg_str find_helper(const struct wpkg_value *config, struct wpkg_str host)
{
	const struct wpkg_value *helpers = wpkg_value_find(config, "credHelpers");
	for (size_t i = 0; helpers && helpers->kind == WPKG_VALUE_TABLE && i < helpers->count; i++)
		if (wpkg_str_equal_nocase(plain_key(helpers->keys[i].string), host) &&
		    helpers->items[i].kind == WPKG_VALUE_STRING)
			return helpers->items[i].string;
	return wpkg_value_find_string(config, "credsStore");
}

enum wpkg_status wpkg_docker_config_find(struct wpkg_docker_credentials *out,
					 struct wpkg_arena *arena, struct wpkg_str text,
					 struct wpkg_str host, struct wpkg_str repository,
					 struct wpkg_err *err)
{
	struct wpkg_value *config = NULL;
	struct wpkg_docker_credentials found = {0};
	enum wpkg_status status = read_object(&config, arena, text, err);
	if (status != WPKG_OK)
		return status;
	found.helper = find_helper(config, host);
	if (found.helper.len > 0 && !is_helper_name(found.helper))
		return WPKG_FAIL(err, WPKG_EFORMAT, "'%.*s' is no name of a credential helper",
				 WPKG_STR_ARG(found.helper));
	const struct wpkg_value *entry =
		find_entry(wpkg_value_find(config, "auths"), host, repository);
	if (entry)
		status = read_entry(&found, arena, entry, err);
	if (status != WPKG_OK)
		return status;
	if (found.helper.len == 0 && found.user.len == 0 && found.password.len == 0 &&
	    found.token.len == 0)
		return WPKG_FAIL(err, WPKG_ENOTFOUND, "no credentials for %.*s",
				 WPKG_STR_ARG(host));
	*out = found;
	return WPKG_OK;
}

enum wpkg_status wpkg_docker_helper_read(struct wpkg_docker_credentials *out,
					 struct wpkg_arena *arena, struct wpkg_str text,
					 struct wpkg_err *err)
{
	struct wpkg_value *answer = NULL;
	enum wpkg_status status = read_object(&answer, arena, text, err);
	if (status != WPKG_OK)
		return status;
	struct wpkg_docker_credentials found = {.user = wpkg_value_find_string(answer, "Username"),
						.password =
							wpkg_value_find_string(answer, "Secret")};
	if (!found.password.ptr || !found.user.ptr)
		return WPKG_FAIL(err, WPKG_EFORMAT, "no \"Username\" and \"Secret\"");
	/* Docker's mark for "the secret is an identity token". */
	if (wpkg_str_equal_text(found.user, "<token>"))
		return WPKG_FAIL(err, WPKG_EINVAL,
				 "an identity token is kept there: log in with a password or an "
				 "access token");
	*out = found;
	return WPKG_OK;
}
