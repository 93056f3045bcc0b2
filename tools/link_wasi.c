/* SPDX-License-Identifier: Apache-2.0 */
/* Where a system keeps what programs for WASI are linked with. */
#include <glob.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "link.h"

static char *found(const char *folder)
{
	char *start = wpkg_path_join(folder, "crt1-command.o");
	bool is_there = start && access(start, R_OK) == 0;
	wpkg_mem_free(start);
	return is_there ? wpkg_mem_dup_text(folder, strlen(folder)) : NULL;
}

/* Below a sysroot there are folders for targets, or it is such a folder itself. */
static char *found_below(const char *sysroot)
{
	static const char *const below[] = {"lib/wasm32-wasi", "lib/wasm32-wasip1", "."};
	char *folder = NULL;
	for (size_t i = 0; !folder && i < sizeof(below) / sizeof(below[0]); i++) {
		char *path = wpkg_path_join(sysroot, below[i]);
		folder = path ? found(path) : NULL;
		wpkg_mem_free(path);
	}
	return folder;
}

enum wpkg_status link_find_wasi(char **folder, const char *sysroot, struct wpkg_err *err)
{
	static const char *const usual[] = {"/usr", "/usr/share/wasi-sysroot",
					    "/opt/wasi-sdk/share/wasi-sysroot",
					    "/opt/wasi-sysroot"};
	const char *variable = getenv("WASI_SYSROOT");
	const char *given = sysroot ? sysroot : variable && variable[0] ? variable : NULL;
	char *path = given ? found_below(given) : NULL;
	for (size_t i = 0; !given && !path && i < sizeof(usual) / sizeof(usual[0]); i++)
		path = found_below(usual[i]);
	if (!path)
		return WPKG_FAIL(err, WPKG_ENOTFOUND,
				 "no C library for WASI%s%s (Debian's package wasi-libc has one; "
				 "--sysroot says where another is)",
				 given ? " in " : "", given ? given : "");
	*folder = path;
	return WPKG_OK;
}

/* Of several the last one by name. */
enum wpkg_status link_find_builtins(char **file, struct wpkg_err *err)
{
	static const char *const patterns[] = {
		"/usr/lib/llvm-*/lib/clang/*/lib/wasi/libclang_rt.builtins-wasm32.a",
		"/usr/lib/clang/*/lib/wasi/libclang_rt.builtins-wasm32.a",
		"/opt/wasi-sdk/lib/clang/*/lib/wasi/libclang_rt.builtins-wasm32.a"};
	char *path = NULL;
	for (size_t i = 0; !path && i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		glob_t matches;
		if (glob(patterns[i], 0, NULL, &matches) == 0 && matches.gl_pathc > 0) {
			const char *last = matches.gl_pathv[matches.gl_pathc - 1];
			path = wpkg_mem_dup_text(last, strlen(last));
		}
		globfree(&matches);
	}
	if (!path)
		return WPKG_FAIL(err, WPKG_ENOTFOUND,
				 "no compiler library for wasm32 (Debian's package "
				 "libclang-rt-14-dev-wasm32 has one)");
	*file = path;
	return WPKG_OK;
}
