/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_CLIENT_COMMANDS_H
#define WPKG_CLIENT_COMMANDS_H

/* The client's commands, one object each; program.c lists them in the order of the help. */

#include "base/command.h"

extern const struct wpkg_program client_program;

extern const struct wpkg_command cmd_init;
extern const struct wpkg_command cmd_push;
extern const struct wpkg_command cmd_pull;
extern const struct wpkg_command cmd_verify;
extern const struct wpkg_command cmd_info;
extern const struct wpkg_command cmd_list;
extern const struct wpkg_command cmd_search;
extern const struct wpkg_command cmd_copy;
extern const struct wpkg_command cmd_yank;
extern const struct wpkg_command cmd_lock;
extern const struct wpkg_command cmd_update;
extern const struct wpkg_command cmd_tree;
extern const struct wpkg_command cmd_why;
extern const struct wpkg_command cmd_pack;
extern const struct wpkg_command cmd_unpack;
extern const struct wpkg_command cmd_sign;
extern const struct wpkg_command cmd_cache_list;
extern const struct wpkg_command cmd_cache_clean;
extern const struct wpkg_command cmd_cache_verify;
extern const struct wpkg_command cmd_key_create;
extern const struct wpkg_command cmd_key_list;
extern const struct wpkg_command cmd_key_add;
extern const struct wpkg_command cmd_key_export;
extern const struct wpkg_command cmd_key_import;
extern const struct wpkg_command cmd_key_fetch;
extern const struct wpkg_command cmd_key_revoke;
extern const struct wpkg_command cmd_login;
extern const struct wpkg_command cmd_logout;
extern const struct wpkg_command cmd_help;
extern const struct wpkg_command cmd_version;
extern const struct wpkg_command cmd_completion;
extern const struct wpkg_command cmd_man;

#endif
