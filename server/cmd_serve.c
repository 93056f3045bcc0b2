/* SPDX-License-Identifier: Apache-2.0 */
/* wpkgd serve, and what its settings come to. */
#include "commands.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "crypto/random.h"
#include "http.h"
#include "listen.h"
#include "log.h"
#include "server.h"

#define GRACE_SECONDS 30 /* for running requests when the server is to end */

static int fail(const struct wpkg_err *err)
{
	fprintf(stderr, "wpkgd: %s\n", err->msg);
	return (int)wpkg_exit_of(err->status);
}

static void close_server(struct server *server)
{
	workers_free(server->workers);
	admission_free(server->admission);
	users_free(server->users);
	host_keys_free(server->keys);
	wpkg_store_close(server->store);
	wpkg_arena_clear(&server->arena);
	wpkg_mem_free(server);
}

static enum wpkg_status open_parts(struct server *server, struct wpkg_err *err)
{
	const struct config *config = &server->config;
	const struct wpkg_store_options store = {.mode = WPKG_STORE_SERVE,
						 .keep_free = config->keep_free};
	const struct admission_options admission = {
		.worker = config->admission_program,
		.seconds = config->admission_timeout,
		.memory = config->admission_memory,
		.fuel = config->admission_fuel,
		.output = config->admission_output,
		.workers = (unsigned)config->admission_workers,
	};
	enum wpkg_status status = wpkg_store_open(&server->store, config->data, &store, err);
	if (status == WPKG_OK)
		status = host_keys_new(&server->keys, config, err);
	if (status == WPKG_OK)
		status = users_new(&server->users, config, server->store, err);
	if (status == WPKG_OK)
		status = admission_new(&server->admission, &admission, err);
	if (status == WPKG_OK)
		status = workers_new(&server->workers, config->workers, err);
	return status;
}

/* Without users nobody could ever write, and nobody would notice why. */
static enum wpkg_status check_users(const struct config *config, struct wpkg_err *err)
{
	if (config->unauthenticated && (config->htpasswd || config->is_private))
		return WPKG_FAIL(err, WPKG_EINVAL,
				 "unauthenticated contradicts htpasswd and private");
	return WPKG_OK;
}

static enum wpkg_status open_server(struct server **out, const struct wpkg_invocation *invocation,
				    struct wpkg_err *err)
{
	struct server *server = wpkg_mem_calloc(1, sizeof(*server));
	if (!server)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory");
	wpkg_arena_init(&server->arena, (size_t)16 << 20);
	memcpy(&server->config, invocation->options, sizeof(server->config));
	wpkg_random(&server->id_seed, sizeof(server->id_seed));
	enum wpkg_status status = config_complete(&server->config, &server->arena, err);
	if (status == WPKG_OK)
		status = check_users(&server->config, err);
	if (status == WPKG_OK) {
		log_set_json(strcmp(server->config.log_format, "json") == 0);
		status = open_parts(server, err);
	}
	if (status != WPKG_OK)
		close_server(server);
	else
		*out = server;
	return status;
}

/* Passwords, tokens and packages in the clear are for this machine alone. */
static enum wpkg_status check_exposure(const struct config *config, const struct listener *listener,
				       struct wpkg_err *err)
{
	if (listener->is_loopback || config->tls_cert || config->insecure)
		return WPKG_OK;
	return WPKG_FAIL(err, WPKG_EINVAL,
			 "%s can be reached from outside, and there is no TLS certificate: give "
			 "--tls-cert and --tls-key, or --insecure behind something that has one",
			 config->listen);
}

static enum wpkg_status write_port(const struct config *config, uint16_t port, struct wpkg_err *err)
{
	char text[16];
	if (!config->port_file)
		return WPKG_OK;
	int len = snprintf(text, sizeof(text), "%u\n", port);
	return wpkg_file_write(AT_FDCWD, config->port_file, wpkg_str_of(text, (size_t)len), 0644, 0,
			       err);
}

static void log_start(const struct server *server, const struct listener *listener)
{
	struct log_line line;
	const char *missing = admission_missing(server->admission);
	log_begin(&line, "start");
	log_text(&line, "version", WPKG_LIT(WPKG_VERSION));
	log_text(&line, "listen", wpkg_str_from(server->config.listen));
	log_number(&line, "port", listener->port);
	log_text(&line, "data", wpkg_str_from(server->config.data));
	log_end(&line);
	if (missing[0])
		log_event("unprotected", "admission", missing);
}

/* SIGHUP: keys and users. What is wrong is said, and what was there stays. */
static void reload(struct server *server)
{
	struct wpkg_err err;
	if (host_keys_reload(server->keys, &err) != WPKG_OK ||
	    users_reload(server->users, &err) != WPKG_OK)
		log_event("reload-failed", "error", err.msg);
	else
		log_event("reload", "what", "keys and users");
}

static void wait_for_signals(struct server *server, const sigset_t *signals)
{
	int number = 0;
	while (sigwait(signals, &number) == 0 && number == SIGHUP)
		reload(server);
	log_event("stop", "signal", number == SIGINT ? "SIGINT" : "SIGTERM");
}

/* No new connections; what is running may finish. */
static void drain(struct server *server, struct http *http)
{
	const struct timespec pause = {.tv_nsec = 10000000};
	atomic_store(&server->is_ending, true);
	listen_notify("STOPPING=1");
	http_quiesce(http);
	for (int i = 0; i < GRACE_SECONDS * 100 && http_pending(http) > 0; i++)
		nanosleep(&pause, NULL);
}

static enum wpkg_status serve(struct server *server, const struct listener *listener,
			      const sigset_t *signals, struct wpkg_err *err)
{
	struct http *http = NULL;
	enum wpkg_status status = check_exposure(&server->config, listener, err);
	if (status == WPKG_OK)
		status = http_start(&http, server, listener->socket, err);
	if (status == WPKG_OK)
		status = write_port(&server->config, listener->port, err);
	if (status == WPKG_OK) {
		log_start(server, listener);
		publish_resume(server);
		listen_notify("READY=1");
		wait_for_signals(server, signals);
		drain(server, http);
	}
	http_stop(http);
	return status;
}

static int run_serve(const struct wpkg_invocation *invocation)
{
	struct wpkg_err err;
	sigset_t signals;
	struct server *server = NULL;
	struct listener listener;
	/* Before any thread: all of them leave these to wait_for_signals. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	if (open_server(&server, invocation, &err) != WPKG_OK)
		return fail(&err);
	enum wpkg_status status = listen_open(&listener, server->config.listen, &err);
	if (status == WPKG_OK)
		status = serve(server, &listener, &signals, &err);
	close_server(server);
	return status == WPKG_OK ? WPKG_EXIT_DONE : fail(&err);
}

const struct wpkg_command cmd_serve = {
	.name = "serve",
	.operands = "",
	.summary = "serve a registry until a signal ends it",
	.description =
		"Everything is kept in the folder of --data, which is made at the first start "
		"together with a key that the server signs with. Every setting may stand in a "
		"configuration file (--config) under the option's name, or in a variable; a flag "
		"beats a variable, a variable beats the file.\n"
		"\n"
		"Anybody may read what is published, unless --private. Writing needs a user of "
		"--htpasswd or a token; the first to push a name owns it. A package needs the "
		"signatures that --strategy names, by keys of --keyring; it is published once its "
		"modules are valid and its own checks pass, in processes that can reach nothing.\n"
		"\n"
		"SIGTERM and SIGINT end it: it takes no more connections, finishes what is "
		"running, and exits. SIGHUP reads keys and users again.",
	.example = "wpkgd --data /var/lib/wpkgd --keyring keyring.toml --htpasswd users\n"
		   "wpkgd serve --config /etc/wpkgd/config.toml",
	.options = config_rows,
	.options_size = sizeof(struct config),
	.run = run_serve,
};

static int run_config(const struct wpkg_invocation *invocation)
{
	struct wpkg_err err;
	struct wpkg_arena arena;
	struct wpkg_buf text;
	struct config config;
	wpkg_arena_init(&arena, (size_t)16 << 20);
	memcpy(&config, invocation->options, sizeof(config));
	if (!config.data)
		config.data = "";
	enum wpkg_status status = config_complete(&config, &arena, &err);
	wpkg_buf_init(&text, (size_t)1 << 20);
	if (status == WPKG_OK) {
		config_format(&text, &config);
		fputs(wpkg_buf_text(&text), stdout);
	}
	wpkg_buf_clear(&text);
	wpkg_arena_clear(&arena);
	return status == WPKG_OK ? WPKG_EXIT_DONE : fail(&err);
}

const struct wpkg_command cmd_config = {
	.name = "config",
	.operands = "",
	.summary = "print the settings that 'serve' would have",
	.description = "Takes the same options, variables and file, and prints what comes of them "
		       "in the form of a configuration file.",
	.example = "wpkgd config --config /etc/wpkgd/config.toml",
	.options = config_rows,
	.options_size = sizeof(struct config),
	.run = run_config,
};
