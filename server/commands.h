/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_COMMANDS_H
#define WPKG_SERVER_COMMANDS_H

/* The server's commands, one object each; program.c lists them in the order of the help. */

#include "base/command.h"

extern const struct wpkg_program server_program;

extern const struct wpkg_command cmd_serve;
extern const struct wpkg_command cmd_config;
extern const struct wpkg_command cmd_health;
extern const struct wpkg_command cmd_doctor;
extern const struct wpkg_command cmd_gc;
extern const struct wpkg_command cmd_fsck;
extern const struct wpkg_command cmd_backup;
extern const struct wpkg_command cmd_restore;
extern const struct wpkg_command cmd_recheck;
extern const struct wpkg_command cmd_export;
extern const struct wpkg_command cmd_import;
extern const struct wpkg_command cmd_delete;
extern const struct wpkg_command cmd_user_add;
extern const struct wpkg_command cmd_user_remove;
extern const struct wpkg_command cmd_user_list;
extern const struct wpkg_command cmd_token_create;
extern const struct wpkg_command cmd_token_list;
extern const struct wpkg_command cmd_token_revoke;
extern const struct wpkg_command cmd_grant_add;
extern const struct wpkg_command cmd_grant_list;
extern const struct wpkg_command cmd_grant_revoke;
extern const struct wpkg_command cmd_owner_set;
extern const struct wpkg_command cmd_audit;
extern const struct wpkg_command cmd_quota_list;
extern const struct wpkg_command cmd_webhook_list;
extern const struct wpkg_command cmd_webhook_dead;
extern const struct wpkg_command cmd_webhook_retry;
extern const struct wpkg_command cmd_webhook_test;
extern const struct wpkg_command cmd_help;
extern const struct wpkg_command cmd_version;
extern const struct wpkg_command cmd_completion;
extern const struct wpkg_command cmd_man;

#endif
