/* SPDX-License-Identifier: Apache-2.0 */
#include "base/library.h"

#include <dlfcn.h>
#include <string.h>

enum wpkg_status wpkg_library_load(void *table, const struct wpkg_library *library,
				   struct wpkg_err *err)
{
	void *handle = dlopen(library->file, RTLD_NOW | RTLD_LOCAL);
	if (!handle)
		return WPKG_FAIL(err, WPKG_ENOTFOUND, "%s, which %s, is missing (Debian: %s)",
				 library->file, library->purpose, library->package);
	for (const struct wpkg_library_symbol *symbol = library->symbols; symbol->name; symbol++) {
		void *address = dlsym(handle, symbol->name);
		if (!address) {
			dlclose(handle);
			return WPKG_FAIL(err, WPKG_ENOTFOUND, "%s is too old: it has no %s",
					 library->file, symbol->name);
		}
		/* POSIX wants a function's address in a void pointer to be usable as one. */
		memcpy((char *)table + symbol->offset, &address, sizeof(address));
	}
	return WPKG_OK;
}
