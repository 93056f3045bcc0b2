/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/mem.h"

enum wpkg_status (*tool_resolve)(char **path, const struct wpkg_invocation *invocation,
				 const char *reference, struct wpkg_err *err);
enum wpkg_status (*tool_project_open)(struct tool_project *out, struct wpkg_arena *arena,
				      const struct wpkg_invocation *invocation,
				      struct wpkg_err *err);

enum wpkg_status (*tool_package_open)(struct tool_package *out, struct wpkg_wiring *wiring,
				      const struct wpkg_invocation *invocation, const char *operand,
				      const char *module, struct wpkg_err *err);

enum wpkg_status tool_module_open(struct wpkg_file_map *out,
				  const struct wpkg_invocation *invocation, const char *operand,
				  struct wpkg_err *err)
{
	if (access(operand, F_OK) == 0 || !tool_resolve)
		return wpkg_file_map_open(out, AT_FDCWD, operand, TOOL_MODULE_MAX, err);
	char *path = NULL;
	enum wpkg_status status = tool_resolve(&path, invocation, operand, err);
	if (status != WPKG_OK) {
		wpkg_err_prepend(err, "%s: no such file, nor a package", operand);
		return status;
	}
	status = wpkg_file_map_open(out, AT_FDCWD, path, TOOL_MODULE_MAX, err);
	wpkg_mem_free(path);
	return status;
}
