/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of wpkg as one table: the client's commands and the toolchain's. */
#include "../tools/commands.h"
#include "commands.h"
#include "global.h"

#include <stddef.h>

#define GLOBAL(member) offsetof(struct global_options, member)

const struct wpkg_option global_rows[] = {
	{"registry", 0, WPKG_OPTION_TEXT, "URL", "the registry to talk to", "WPKG_REGISTRY",
	 GLOBAL(registry)},
	{"config", 0, WPKG_OPTION_TEXT, "FILE", "read this configuration file", "WPKG_CONFIG",
	 GLOBAL(config)},
	{"json", 0, WPKG_OPTION_FLAG, NULL, "print one JSON document", NULL, GLOBAL(json)},
	{"quiet", 'q', WPKG_OPTION_FLAG, NULL, "print nothing but errors", NULL, GLOBAL(quiet)},
	{"verbose", 'v', WPKG_OPTION_FLAG, NULL, "print each request and why", NULL,
	 GLOBAL(verbose)},
	{"no-progress", 0, WPKG_OPTION_FLAG, NULL, "no progress bars", "WPKG_NO_PROGRESS",
	 GLOBAL(no_progress)},
	{"offline", 0, WPKG_OPTION_FLAG, NULL, "ask no registry: use what was pulled before",
	 "WPKG_OFFLINE", GLOBAL(offline)},
	{0}};

static const struct wpkg_command *const commands[] = {
	&cmd_init,
	&cmd_push,
	&cmd_pull,
	&cmd_verify,
	&cmd_info,
	&cmd_list,
	&cmd_search,
	&cmd_yank,
	&cmd_copy,
	&cmd_lock,
	&cmd_update,
	&cmd_tree,
	&cmd_why,
	&cmd_pack,
	&cmd_unpack,
	&cmd_sign,
	&cmd_cache_list,
	&cmd_cache_clean,
	&cmd_cache_verify,
	&cmd_key_create,
	&cmd_key_list,
	&cmd_key_add,
	&cmd_key_export,
	&cmd_key_import,
	&cmd_key_fetch,
	&cmd_key_revoke,
	&cmd_login,
	&cmd_logout,
	/* tools/commands.h: modules on their own */
	&tool_run,
	&tool_validate,
	&tool_wat_parse,
	&tool_wat_print,
	&tool_wast,
	&tool_inspect,
	&tool_hosts,
	&tool_link,

	&cmd_help,
	&cmd_version,
	&cmd_completion,
	&cmd_man,
	NULL,
};

const struct wpkg_program client_program = {
	.name = "wpkg",
	.summary = "package registry and toolchain for WebAssembly",
	.section = 1,
	.description =
		"wpkg packs WebAssembly modules and the files that belong to them, signs them, "
		"pushes "
		"them to a registry, and finds, verifies, pulls and runs what others published.\n"
		"\n"
		"A package is named by a reference: 'name' for its newest release, 'name@^1.2' for "
		"a range of versions, 'name/1.2.3' or 'name@1.2.3' for one version, "
		"'name@sha256:HEX' for the version with that content address (the digest of its "
		"OCI "
		"manifest), each with '#sha256:HEX' at its end for one parcel.\n"
		"\n"
		"A package in an OCI registry, ours or another, is 'oci://HOST/NAME:TAG' or "
		"'oci://HOST/NAME@sha256:HEX'. TLS is used unless HOST is this machine; "
		"'oci+http:' "
		"and 'oci+https:' say which.",
	.global = global_rows,
	.global_size = sizeof(struct global_options),
	.commands = commands,
	.files = "~/.config/wpkg/config.toml: registry, verification strategy, limits.\n"
		 "~/.config/wpkg/credentials.toml: tokens of 'wpkg login', for you alone.\n"
		 "~/.config/wpkg/keyring.toml: the public keys that you trust.\n"
		 "~/.config/wpkg/secret_keys.toml: your signing keys, for you alone.\n"
		 "~/.cache/wpkg: invoices and parcels that were pulled; may be deleted.",
	.environment =
		"WPKG_TOKEN, WPKG_TOKEN_FILE: the registry's token, or the file that holds it.\n"
		"WPKG_KEY_FILE: the secret key file to sign with.\n"
		"WPKG_PASSPHRASE_FILE: the file that holds the passphrase of sealed keys.\n"
		"REGISTRY_AUTH_FILE, DOCKER_CONFIG: where credentials for OCI registries are, "
		"too.\n"
		"TRACEPARENT: the trace (W3C Trace Context) that a registry's log shall find its "
		"requests in.\n"
		"NO_COLOR: no colours on a terminal.\n"
		"XDG_CONFIG_HOME, XDG_CACHE_HOME: in place of ~/.config and ~/.cache.",
};
