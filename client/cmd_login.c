/* SPDX-License-Identifier: Apache-2.0 */
/* Who the user is at a registry. */
#include "commands.h"

#include <stddef.h>

#include "credentials.h"
#include "net/oci_registry.h"
#include "report.h"
#include "secret.h"
#include "session.h"

struct login_options {
	const char *user;
	const char *token_file;
	const char *token_fd;
	const char *password_fd;
};

static const struct wpkg_option login_rows[] = {
	{"user", 'u', WPKG_OPTION_TEXT, "NAME", "log in with a password instead of a token", NULL,
	 offsetof(struct login_options, user)},
	{"password-fd", 0, WPKG_OPTION_TEXT, "N", "read the password from a descriptor", NULL,
	 offsetof(struct login_options, password_fd)},
	{"token-file", 0, WPKG_OPTION_TEXT, "FILE", "read the token from a file", NULL,
	 offsetof(struct login_options, token_file)},
	{"token-fd", 0, WPKG_OPTION_TEXT, "N", "read the token from a descriptor (0: input)", NULL,
	 offsetof(struct login_options, token_fd)},
	{0}};

/* What an OCI registry is shown when it asks. */
static enum wpkg_status show(void *user, struct wpkg_buf *out, struct wpkg_err *err)
{
	const struct wpkg_buf *authorization = user;
	wpkg_buf_append_str(out, wpkg_buf_str(authorization));
	return wpkg_buf_check(out, "credentials", err);
}

/* A registry that knows nothing of Bindle may be one of OCI. */
static enum wpkg_status check_oci(struct session *session, struct wpkg_buf *authorization,
				  struct wpkg_err *err)
{
	struct wpkg_oci_registry *registry = NULL;
	const struct wpkg_oci_registry_options options = {
		.origin = wpkg_buf_text(&session->url),
		.credentials = show,
		.user = authorization,
		.plain_credentials = session->config.plain_credentials,
		.http = session_http_options(session),
	};
	enum wpkg_status status = wpkg_oci_registry_new(&registry, &options, err);
	if (status == WPKG_OK)
		status = wpkg_oci_check_login(registry, err);
	wpkg_oci_registry_free(registry);
	return status;
}

static enum wpkg_status check_and_store(struct session *session,
					const struct credentials *credentials, struct wpkg_err *err)
{
	struct wpkg_buf authorization;
	wpkg_buf_init(&authorization, CREDENTIALS_MAX);
	enum wpkg_status status = credentials_append(&authorization, credentials, err);
	if (status == WPKG_OK)
		status = session_connect_as(session, wpkg_buf_text(&authorization), err);
	if (status == WPKG_OK)
		status = wpkg_registry_check_login(session->registry, err);
	if (status == WPKG_ENOTFOUND)
		status = check_oci(session, &authorization, err);
	if (status == WPKG_OK)
		status = credentials_store(session, credentials, err);
	wpkg_buf_wipe(&authorization);
	return status;
}

static enum wpkg_status login(struct session *session, const struct login_options *options,
			      struct wpkg_err *err)
{
	struct wpkg_buf secret;
	struct secret_source source = {
		.fd = options->token_fd, .file = options->token_file, .prompt = "token"};
	struct credentials credentials = {.user = wpkg_str_from(options->user)};
	if (options->user)
		source = (struct secret_source){.fd = options->password_fd, .prompt = "password"};
	wpkg_buf_init(&secret, SECRET_MAX);
	enum wpkg_status status = session_need_url(session, err);
	if (status == WPKG_OK)
		status = secret_read(&secret, &source, err);
	if (status == WPKG_OK && secret.len == 0)
		status = WPKG_FAIL(err, WPKG_EINVAL, "the %s is empty", source.prompt);
	if (status == WPKG_OK) {
		if (options->user)
			credentials.password = wpkg_buf_str(&secret);
		else
			credentials.token = wpkg_str_trim(wpkg_buf_str(&secret));
		status = check_and_store(session, &credentials, err);
	}
	wpkg_buf_wipe(&secret);
	return status;
}

static int report_url(struct session *session, const char *what)
{
	const char *const texts[] = {"registry", wpkg_buf_text(&session->url), NULL};
	report_line(session->global, "%s %s", what, wpkg_buf_text(&session->url));
	return session->global->json ? report_json_texts(&session->arena, texts) : WPKG_EXIT_DONE;
}

static int run_login(const struct wpkg_invocation *invocation)
{
	struct session session;
	struct wpkg_err err = {0};
	const struct login_options *options = invocation->options;
	if (options->user && (options->token_file || options->token_fd))
		return report_usage("login: --user takes a password, not a token");
	enum wpkg_status status = session_open(&session, invocation, &err);
	if (status == WPKG_OK)
		status = login(&session, options, &err);
	int code = status == WPKG_OK ? report_url(&session, "logged in to") : report_error(&err);
	session_close(&session);
	return code;
}

const struct wpkg_command cmd_login = {
	.name = "login",
	.operands = "",
	.summary = "store a token or a password for a registry",
	.description =
		"Asks on the terminal unless a file or a descriptor is given, tries the registry, "
		"and stores what it took in credentials.toml, which only you may read. They are "
		"sent to that registry alone, and not without TLS to another machine.\n"
		"\n"
		"In CI set WPKG_TOKEN or WPKG_TOKEN_FILE instead; nothing is stored then.\n"
		"\n"
		"An OCI registry is shown what was stored for it here, else what podman, skopeo or "
		"docker stored when they logged in: $REGISTRY_AUTH_FILE, "
		"$DOCKER_CONFIG/config.json, "
		"$XDG_RUNTIME_DIR/containers/auth.json, ~/.config/containers/auth.json, "
		"~/.docker/config.json, and the credential helpers that these files name. It is "
		"shown "
		"nothing before it asks.",
	.example = "wpkg login --registry https://packages.example.org\n"
		   "wpkg login --registry https://ghcr.io --user jo\n"
		   "wpkg login --token-fd 0 <token",
	.options = login_rows,
	.options_size = sizeof(struct login_options),
	.run = run_login,
};

static int run_logout(const struct wpkg_invocation *invocation)
{
	struct session session;
	struct wpkg_err err = {0};
	enum wpkg_status status = session_open(&session, invocation, &err);
	if (status == WPKG_OK)
		status = session_need_url(&session, &err);
	if (status == WPKG_OK)
		status = credentials_store(&session, NULL, &err);
	int code = status == WPKG_OK ? report_url(&session, "logged out of") : report_error(&err);
	session_close(&session);
	return code;
}

const struct wpkg_command cmd_logout = {
	.name = "logout",
	.operands = "",
	.summary = "forget the token or password for a registry",
	.example = "wpkg logout --registry https://packages.example.org",
	.run = run_logout,
};
