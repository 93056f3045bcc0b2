/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of wpkgd as one table. */
#include "commands.h"

static const struct wpkg_command *const commands[] = {
	&cmd_serve,
	&cmd_config,
	&cmd_health,
	&cmd_doctor,
	/* the data */
	&cmd_gc,
	&cmd_fsck,
	&cmd_backup,
	&cmd_restore,
	&cmd_recheck,
	&cmd_export,
	&cmd_import,
	&cmd_delete,
	/* who may what */
	&cmd_user_add,
	&cmd_user_remove,
	&cmd_user_list,
	&cmd_token_create,
	&cmd_token_list,
	&cmd_token_revoke,
	&cmd_grant_add,
	&cmd_grant_list,
	&cmd_grant_revoke,
	&cmd_owner_set,
	/* what happened */
	&cmd_audit,
	&cmd_quota_list,
	&cmd_webhook_list,
	&cmd_webhook_dead,
	&cmd_webhook_retry,
	&cmd_webhook_test,

	&cmd_help,
	&cmd_version,
	&cmd_completion,
	&cmd_man,
	NULL,
};

const struct wpkg_program server_program = {
	.name = "wpkgd",
	.summary = "registry for WebAssembly packages",
	.section = 8,
	.description =
		"wpkgd keeps packages and serves them over Bindle's protocol. It validates every "
		"WebAssembly module and runs each package's own checks before it publishes.\n"
		"\n"
		"'wpkgd --data DIR' serves; the other commands look after the data of a server, "
		"most of them while it runs. Without a TLS certificate it listens on loopback "
		"only.",
	.commands = commands,
	.files = "DIR/registry.db: the index, and small blobs.\n"
		 "DIR/blobs: larger blobs, a file each.\n"
		 "DIR/host-keys.toml: the keys that the server signs with, for it alone.\n"
		 "/etc/wpkgd/config.toml: the configuration of the packaged service.",
	.environment = "WPKGD_*: each option of 'serve', in capitals with underscores.",
};
