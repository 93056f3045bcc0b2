/* SPDX-License-Identifier: Apache-2.0 */
/* wpkgd serve, and what its settings come to. */
#include "commands.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "admission_options.h"
#include "answer_cache.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "catch_up.h"
#include "crypto/random.h"
#include "forget.h"
#include "host_files.h"
#include "http.h"
#include "listen.h"
#include "log.h"
#include "popular.h"
#include "server.h"
#include "store/session.h"
#include "webhook.h"
#include "web_asset.h"

#define CONFIG_ARENA_MAX ((size_t)16 << 20)
#define CHECKS_MAX 256	       /* versions that may wait for admission at once */
#define WAITS_MAX 256	       /* requests that may wait for a verdict of others at once */
#define LAST_ANSWERS_SECONDS 5 /* for those who were told that it is too late */
#define LOOK_SECONDS 60	       /* between looks for what was left */

/* What is wrong with a setting is wrong usage, wherever it stands. */
static int fail(const struct wpkg_err *err)
{
	fprintf(stderr, "wpkgd: %s\n", err->msg);
	if (err->status == WPKG_EINVAL || err->status == WPKG_EFORMAT)
		return WPKG_EXIT_USAGE;
	return (int)wpkg_exit_of(err->status);
}

static void close_server(struct server *server)
{
	webhooks_stop(server->webhooks);
	for (int pool = 0; pool < POOL_COUNT; pool++)
		workers_free(server->pools[pool]);
	forgetter_free(server->forgetter);
	publisher_free(server->publisher);
	answer_cache_free(server->answers);
	web_assets_free(server->assets);
	popular_free(server->popular);
	admission_free(server->admission);
	users_free(server->users);
	host_keys_free(server->keys);
	wpkg_store_close(server->store);
	wpkg_arena_clear(&server->arena);
	wpkg_mem_free(server);
}

static enum wpkg_status open_pools(struct server *server, struct wpkg_err *err)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	enum wpkg_status status =
		workers_new(&server->pools[POOL_STORE], server->config.workers, err);
	if (status == WPKG_OK)
		status = workers_new(&server->pools[POOL_LOGINS],
				     processors > 1 ? (size_t)processors : 1, err);
	if (status == WPKG_OK)
		status = workers_new(&server->pools[POOL_CHECKS], CHECKS_MAX, err);
	if (status == WPKG_OK)
		status = workers_new(&server->pools[POOL_WAITS], WAITS_MAX, err);
	if (status == WPKG_OK)
		status = workers_new(&server->pools[POOL_METRICS], 1, err);
	return status;
}

static enum wpkg_status open_parts(struct server *server, struct wpkg_err *err)
{
	const struct config *config = &server->config;
	const struct wpkg_store_options store = {.mode = WPKG_STORE_SERVE,
						 .keep_free = config->keep_free};
	struct admission_options admission = {0};
	enum wpkg_status status = admission_options_of(&admission, config, &server->arena, err);
	admission.waiting = CHECKS_MAX;
	if (status == WPKG_OK)
		status = host_files_profiles(&server->hosts, &server->arena, &admission.profiles,
					     err);
	if (status == WPKG_OK)
		status = wpkg_store_open(&server->store, config->data, &store, err);
	if (status == WPKG_OK)
		status = wpkg_record_set_owed(server->store, config->is_private, err);
	if (status == WPKG_OK)
		status = wpkg_quotas_set(server->store, &config->quotas, err);
	if (status == WPKG_OK)
		status = host_keys_new(&server->keys, config, err);
	if (status == WPKG_OK)
		status = users_new(&server->users, config, server->store, err);
	if (status == WPKG_OK)
		status = admission_new(&server->admission, &admission, err);
	if (status == WPKG_OK)
		status = publisher_new(&server->publisher, err);
	if (status == WPKG_OK)
		status = answer_cache_new(&server->answers, err);
	if (status == WPKG_OK)
		status = web_assets_new(&server->assets, err);
	if (status == WPKG_OK)
		status = popular_new(&server->popular, err);
	if (status == WPKG_OK)
		status = forgetter_new(&server->forgetter, server, err);
	return status == WPKG_OK ? open_pools(server, err) : status;
}

/* A connection is a descriptor, and a parcel that is sent or received another. */
static enum wpkg_status raise_descriptors(const struct config *config, struct wpkg_err *err)
{
	struct rlimit limit;
	rlim_t needed = 2 * config->max_connections + 256;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return WPKG_FAIL_ERRNO(err, errno, "limit of descriptors");
	if (limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < needed) {
		limit.rlim_cur = limit.rlim_max == RLIM_INFINITY || limit.rlim_max > needed
					 ? needed
					 : limit.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
			return WPKG_FAIL_ERRNO(err, errno, "limit of descriptors");
	}
	if (limit.rlim_cur >= needed)
		return WPKG_OK;
	return WPKG_FAIL(err, WPKG_EINVAL,
			 "max-connections %llu needs %llu descriptors, but the system allows %llu "
			 "(ulimit -Hn, LimitNOFILE)",
			 (unsigned long long)config->max_connections, (unsigned long long)needed,
			 (unsigned long long)limit.rlim_cur);
}

static enum wpkg_status read_config(struct server *server, const struct wpkg_invocation *invocation,
				    struct wpkg_err *err)
{
	wpkg_arena_init(&server->arena, CONFIG_ARENA_MAX);
	config_take(&server->source, invocation);
	enum wpkg_status status =
		config_complete(&server->config, &server->arena, &server->source, err);
	if (status == WPKG_OK && !server->config.data)
		status = WPKG_FAIL(err, WPKG_EINVAL, "no folder for the data: give --data DIR");
	if (status == WPKG_OK)
		status = raise_descriptors(&server->config, err);
	return status;
}

static enum wpkg_status open_server(struct server *server, const struct wpkg_invocation *invocation,
				    struct wpkg_err *err)
{
	server->started = wpkg_clock_now();
	wpkg_random(&server->id_seed, sizeof(server->id_seed));
	enum wpkg_status status = read_config(server, invocation, err);
	if (status != WPKG_OK)
		return status;
	log_set_json(strcmp(server->config.log_format, "json") == 0);
	limits_set(&server->limits, &server->config);
	return open_parts(server, err);
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

/* The two sockets, and what serves on them. */
struct front {
	struct listener listener;
	struct listener internal; /* of metrics-listen */
	struct http *http;
	struct http *http_internal; /* NULL: there is none */
};

static enum wpkg_status open_listeners(struct front *front, const struct config *config,
				       struct wpkg_err *err)
{
	enum wpkg_status status = listen_open(&front->listener, config->listen, err);
	if (status == WPKG_OK && config->metrics_listen)
		status = listen_bind(&front->internal, config->metrics_listen, err);
	return status == WPKG_OK ? check_exposure(config, &front->listener, err) : status;
}

/* Operators' first: they may ask whether it is ready before it is. */
static enum wpkg_status start_http(struct front *front, struct server *server, struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	if (server->config.metrics_listen)
		status = http_start(&front->http_internal, server, front->internal.socket,
				    HTTP_OPERATORS, err);
	if (status == WPKG_OK)
		status =
			http_start(&front->http, server, front->listener.socket, HTTP_CLIENTS, err);
	return status;
}

static void log_start(const struct server *server, const struct front *front)
{
	struct log_line line;
	const char *missing = admission_missing(server->admission);
	log_begin(&line, "start");
	log_text(&line, "version", WPKG_LIT(WPKG_VERSION));
	log_text(&line, "listen", wpkg_str_from(server->config.listen));
	log_number(&line, "port", front->listener.port);
	if (server->config.metrics_listen) {
		log_text(&line, "metrics-listen", wpkg_str_from(server->config.metrics_listen));
		log_number(&line, "metrics-port", front->internal.port);
	}
	log_text(&line, "data", wpkg_str_from(server->config.data));
	log_end(&line);
	if (missing[0])
		log_event("unprotected", "admission", missing);
}

static enum wpkg_status reload_parts(struct server *server, struct http *http,
				     const struct config *fresh, struct wpkg_err *err)
{
	enum wpkg_status status = http_reload(http, fresh, err);
	if (status == WPKG_OK)
		status = host_keys_reload(server->keys, fresh, err);
	if (status == WPKG_OK)
		status = users_reload(server->users, fresh, err);
	if (status == WPKG_OK)
		status = wpkg_quotas_set(server->store, &fresh->quotas, err);
	if (status == WPKG_OK)
		limits_set(&server->limits, fresh);
	return status;
}

/* SIGHUP. What is wrong is said, and what was there stays. */
static void reload(struct server *server, struct http *http)
{
	struct wpkg_err err;
	struct wpkg_arena arena;
	struct config fresh;
	wpkg_arena_init(&arena, CONFIG_ARENA_MAX);
	enum wpkg_status status = config_complete(&fresh, &arena, &server->source, &err);
	if (status == WPKG_OK)
		status = reload_parts(server, http, &fresh, &err);
	if (status != WPKG_OK) {
		log_event("reload-failed", "error", err.msg);
	} else {
		const char *stale = config_needs_restart(&server->config, &fresh);
		log_event("reload", "needs-restart", stale ? stale : "nothing");
	}
	wpkg_arena_clear(&arena);
}

/* What failed to be published is tried again, and uploads that nobody goes on with end. */
static void look_after(struct server *server)
{
	struct wpkg_err err;
	uint64_t count = 0;
	publish_resume(server);
	forget_begin(server->forgetter);
	(void)watermark_look(NULL, server);
	if (wpkg_session_expire(&count, server->store,
				wpkg_clock_now() - server->config.session_timeout, &err) != WPKG_OK)
		log_event("expire-failed", "error", err.msg);
}

/* Until one that ends the server. */
static void wait_for_signals(struct server *server, struct http *http, const sigset_t *signals)
{
	int64_t timeout = server->config.session_timeout;
	const struct timespec interval = {.tv_sec =
						  timeout < LOOK_SECONDS ? timeout : LOOK_SECONDS};
	int number = 0;
	do {
		number = sigtimedwait(signals, NULL, &interval);
		if (number == SIGHUP)
			reload(server, http);
		else if (number < 0)
			look_after(server);
	} while (number < 0 || number == SIGHUP);
	log_event("stop", "signal", number == SIGINT ? "SIGINT" : "SIGTERM");
}

/* Until every request was answered, or the time is up. */
static void await_answers(const struct http *http, uint64_t seconds)
{
	const struct timespec pause = {.tv_nsec = 10000000};
	uint64_t end = wpkg_clock_monotonic() + seconds * UINT64_C(1000000000);
	while (http_pending(http) > 0 && wpkg_clock_monotonic() < end)
		nanosleep(&pause, NULL);
}

/*
 * No new connections; what is running may finish, for a while. Then what is queued is answered that
 * it is too late, and what a worker or the store has begun is waited for: the library must not lose
 * a connection that somebody still has.
 */
static void drain(struct server *server, struct http *http)
{
	const struct timespec pause = {.tv_nsec = 10000000};
	atomic_store(&server->is_ending, true);
	listen_notify("STOPPING=1");
	http_quiesce(http);
	publisher_close(server->publisher);
	await_answers(http, atomic_load(&server->limits.stop_timeout));
	atomic_store(&server->is_stopped, true);
	admission_close(server->admission);
	for (int pool = 0; pool < POOL_COUNT; pool++)
		workers_close(server->pools[pool]);
	while (http_given(http) > 0)
		nanosleep(&pause, NULL);
	await_answers(http, LAST_ANSWERS_SECONDS);
}

static enum wpkg_status serve(struct server *server, const sigset_t *signals, struct wpkg_err *err)
{
	struct front front = {0};
	enum wpkg_status status = open_listeners(&front, &server->config, err);
	/* Before the first request: a new hook is told of what happens from now on. */
	if (status == WPKG_OK)
		status = webhooks_start(&server->webhooks, server, err);
	if (status == WPKG_OK)
		status = start_http(&front, server, err);
	if (status == WPKG_OK)
		status = write_port(&server->config, front.listener.port, err);
	if (status == WPKG_OK) {
		log_start(server, &front);
		publish_resume(server);
		catch_up_begin(server);
		forget_begin(server->forgetter);
		(void)watermark_look(NULL, server);
		listen_notify("READY=1");
		wait_for_signals(server, front.http, signals);
		drain(server, front.http);
	}
	http_stop(front.http);
	http_stop(front.http_internal); /* to the end it says that this is the end */
	return status;
}

/* Before any thread: all of them leave these to wait_for_signals. */
static void block_signals(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGTERM);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, signals, NULL);
}

static int run_serve(const struct wpkg_invocation *invocation)
{
	struct wpkg_err err;
	sigset_t signals;
	struct server *server = wpkg_mem_calloc(1, sizeof(*server));
	if (!server) {
		wpkg_err_set(&err, WPKG_ENOMEM, "no memory");
		return fail(&err);
	}
	block_signals(&signals);
	enum wpkg_status status = open_server(server, invocation, &err);
	if (status == WPKG_OK)
		status = serve(server, &signals, &err);
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
		"/healthz says that it lives, /readyz that its store takes changes, /metrics what "
		"it counts (for Prometheus), to whoever may read. With --metrics-listen all three "
		"are answered on that address, to everybody who can reach it, in plain HTTP; "
		"/metrics is then nowhere else.\n"
		"\n"
		"SIGTERM and SIGINT end it: it takes no more connections, finishes what is "
		"running, and exits. SIGHUP reads the configuration, keys, users and the "
		"certificate again; the log says when a changed setting needs a restart.",
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
	struct config_source source;
	wpkg_arena_init(&arena, CONFIG_ARENA_MAX);
	wpkg_buf_init(&text, (size_t)1 << 20);
	config_take(&source, invocation);
	enum wpkg_status status = config_complete(&config, &arena, &source, &err);
	if (status == WPKG_OK)
		status = config_format(&text, &config, &err);
	if (status == WPKG_OK)
		fputs(wpkg_buf_text(&text), stdout);
	wpkg_buf_clear(&text);
	wpkg_arena_clear(&arena);
	return status == WPKG_OK ? WPKG_EXIT_DONE : fail(&err);
}

const struct wpkg_command cmd_config = {
	.name = "config",
	.operands = "",
	.summary = "print the settings that 'serve' would have",
	.description =
		"Takes the same options, variables and file, and prints what comes of them in the "
		"form of a configuration file.\n"
		"\n"
		"What only the file can say are rules for packages, in a table [policy]:\n"
		"  features = \"standard,-gc\"          features that modules may need\n"
		"  imports = [\"wasi_*.*\", \"env.log\"]  what they may import from the host\n"
		"  module-size = \"64MiB\"              bytes that a module may have\n"
		"  functions = 100000                 that a module may define\n"
		"  need-check = true                  a package with modules must have a check\n"
		"  need-license = true                a package must say its licence\n"
		"  need-host = true                   one with modules must name a host\n"
		"  run-twice = true                   checks run twice, and must do the same\n"
		"  foreign-dependencies = true        a package may need what is not here",
	.example = "wpkgd config --config /etc/wpkgd/config.toml",
	.options = config_rows,
	.options_size = sizeof(struct config),
	.run = run_config,
};
