/* SPDX-License-Identifier: Apache-2.0 */
#include "runnable.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "dependencies.h"
#include "describe.h"
#include "module.h"
#include "package.h"
#include "pkg/annotation.h"
#include "pkg/parcel.h"
#include "report.h"
#include "trust.h"

/* Modules of all packages: as many as admission links. */
#define MODULES_MAX 1024

/* A package that takes part. */
struct member {
	const struct wpkg_invoice *invoice;
	struct found found; /* where it is not on this machine */
	struct wpkg_wiring_package wired;
};

/* Where a module comes from. */
struct origin {
	const struct member *member;
	size_t parcel;
};

struct runnable {
	struct session session;
	struct package package; /* when the root is on this machine */
	bool is_here;
	struct member root;
	struct origin *origins; /* by number */
	size_t count;
};

static enum wpkg_status no_memory(struct wpkg_err *err)
{
	return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for packages");
}

static size_t count_modules(const struct wpkg_invoice *invoice)
{
	size_t count = 0;
	for (size_t i = 0; i < invoice->parcel_count; i++)
		count += wpkg_media_type_is_wasm(invoice->parcels[i].label.media_type);
	return count;
}

static bool take_needs(struct wpkg_strings *out, struct wpkg_arena *arena,
		       const struct wpkg_invoice *invoice)
{
	struct wpkg_dependencies needs;
	if (!wpkg_invoice_dependencies(&needs, arena, invoice))
		return false;
	out->items = wpkg_arena_alloc(arena, needs.count + 1, sizeof(*out->items));
	for (size_t i = 0; out->items && i < needs.count; i++)
		out->items[out->count++] = needs.items[i].name;
	return out->items != NULL;
}

/* package is NULL for the root. */
static enum wpkg_status add_modules(struct runnable *runnable, struct wpkg_wiring *wiring,
				    const struct member *member,
				    const struct wpkg_wiring_package *package, struct wpkg_err *err)
{
	const struct wpkg_invoice *invoice = member->invoice;
	size_t count = count_modules(invoice);
	if (count > MODULES_MAX - runnable->count)
		return WPKG_FAIL(err, WPKG_ELIMIT, "the packages have more than %d modules",
				 MODULES_MAX);
	struct origin *origins = wpkg_arena_alloc(&runnable->session.arena, runnable->count + count,
						  sizeof(*origins));
	if (!origins)
		return no_memory(err);
	if (runnable->count > 0)
		memcpy(origins, runnable->origins, runnable->count * sizeof(*origins));
	runnable->origins = origins;
	enum wpkg_status status = WPKG_OK;
	for (size_t i = 0; status == WPKG_OK && i < invoice->parcel_count; i++) {
		const struct wpkg_label *label = &invoice->parcels[i].label;
		if (!wpkg_media_type_is_wasm(label->media_type))
			continue;
		origins[runnable->count++] = (struct origin){member, i};
		status = wpkg_wiring_add(wiring, package, label->name, err);
	}
	return status;
}

/* What it depends on. */

static enum wpkg_status resolve(struct wpkg_lock *out, struct runnable *runnable,
				struct wpkg_err *err)
{
	struct dependencies dependencies;
	struct wpkg_buf explanation;
	struct session *session = &runnable->session;
	const struct update update = {.all = true};
	wpkg_buf_init(&explanation, (size_t)1 << 20);
	enum wpkg_status status =
		dependencies_of_invoice(&dependencies, session, runnable->root.invoice, err);
	if (status == WPKG_OK)
		status = dependencies_resolve(out, &dependencies, &update, &explanation, err);
	if (status != WPKG_OK)
		dependencies_explain(session->global, &explanation);
	wpkg_buf_clear(&explanation);
	return status;
}

static enum wpkg_status read_lock(struct wpkg_lock *out, struct runnable *runnable,
				  struct wpkg_err *err)
{
	struct dependencies dependencies;
	enum wpkg_status status =
		dependencies_read(&dependencies, &runnable->session, runnable->package.folder, err);
	if (status == WPKG_OK)
		status = dependencies_check_lock(&dependencies, err);
	if (status == WPKG_OK)
		*out = dependencies.lock;
	return status;
}

static enum wpkg_status add_locked(struct runnable *runnable, struct wpkg_wiring *wiring,
				   const struct wpkg_locked *locked, struct wpkg_err *err)
{
	struct session *session = &runnable->session;
	struct member *member = wpkg_arena_alloc(&session->arena, 1, sizeof(*member));
	if (!member)
		return no_memory(err);
	enum wpkg_status status = dependencies_find(&member->found, session, locked, err);
	if (status != WPKG_OK) {
		wpkg_err_prepend(err, "dependency %.*s/%.*s", WPKG_STR_ARG(locked->name),
				 WPKG_STR_ARG(locked->version));
		return status;
	}
	const struct wpkg_invoice *invoice = member->invoice = member->found.invoice;
	report_detail(session->global, "depends on %.*s/%.*s from %.*s", WPKG_STR_ARG(locked->name),
		      WPKG_STR_ARG(locked->version), WPKG_STR_ARG(locked->registry));
	member->wired = (struct wpkg_wiring_package){.name = invoice->name,
						     .version = invoice->version,
						     .module_count = count_modules(invoice)};
	if (!take_needs(&member->wired.needs, &session->arena, invoice))
		return no_memory(err);
	return add_modules(runnable, wiring, member, &member->wired, err);
}

static enum wpkg_status add_dependencies(void *state, struct wpkg_wiring *wiring,
					 struct wpkg_err *err)
{
	struct wpkg_lock lock = {0};
	struct runnable *runnable = state;
	bool is_project = runnable->is_here && runnable->package.is_project;
	enum wpkg_status status =
		is_project ? read_lock(&lock, runnable, err) : resolve(&lock, runnable, err);
	for (size_t i = 0; status == WPKG_OK && i < lock.count; i++)
		status = add_locked(runnable, wiring, &lock.packages[i], err);
	return status;
}

/* The bytes of modules. */

/* A bundle's are held against their label; a project's were hashed for it a moment ago. */
static enum wpkg_status map_here(struct wpkg_file_map *out, const struct runnable *runnable,
				 size_t parcel, struct wpkg_err *err)
{
	int fd = -1;
	const struct wpkg_label *label = &runnable->root.invoice->parcels[parcel].label;
	enum wpkg_status status = package_open_parcel(&fd, &runnable->package, parcel, err);
	if (status != WPKG_OK)
		return status;
	if (!runnable->package.is_project)
		status = wpkg_parcel_check(label, fd, err);
	if (status == WPKG_OK)
		return wpkg_file_map_take(out, fd, "parcel", TOOL_MODULE_MAX, err);
	close(fd);
	return status;
}

static enum wpkg_status open_module(struct wpkg_file_map *out, void *state, size_t number,
				    struct wpkg_err *err)
{
	char *path = NULL;
	struct runnable *runnable = state;
	const struct origin *origin = &runnable->origins[number];
	const struct member *member = origin->member;
	enum wpkg_status status;
	if (runnable->is_here && member == &runnable->root) {
		status = map_here(out, runnable, origin->parcel, err);
	} else {
		status = module_fetch(&path, &runnable->session, &member->found, origin->parcel,
				      err);
		if (status == WPKG_OK)
			status = wpkg_file_map_open(out, AT_FDCWD, path, TOOL_MODULE_MAX, err);
		wpkg_mem_free(path);
	}
	if (status != WPKG_OK)
		wpkg_err_prepend(err, "%s", describe_id(&runnable->session.arena, member->invoice));
	return status;
}

/* The package itself. */

static enum wpkg_status find_here(struct runnable *runnable, const char *path, struct wpkg_err *err)
{
	enum wpkg_status status =
		package_open(&runnable->package, &runnable->session, path, NULL, err);
	if (status != WPKG_OK)
		return status;
	runnable->is_here = true;
	runnable->root.invoice = runnable->package.invoice;
	if (runnable->package.is_project)
		return WPKG_OK;
	return trust_check(&runnable->session, runnable->root.invoice, err);
}

static enum wpkg_status find_there(struct runnable *runnable, const struct reference *reference,
				   struct wpkg_err *err)
{
	struct session *session = &runnable->session;
	enum wpkg_status status =
		reference_find_usable(&runnable->root.found, session, reference, err);
	runnable->root.invoice = runnable->root.found.invoice;
	return status == WPKG_OK ? trust_check(session, runnable->root.invoice, err) : status;
}

static enum wpkg_status find_file(size_t *parcel, struct runnable *runnable, const char *file,
				  struct wpkg_err *err)
{
	const struct wpkg_invoice *invoice = runnable->root.invoice;
	for (size_t i = 0; i < invoice->parcel_count; i++) {
		const struct wpkg_label *label = &invoice->parcels[i].label;
		if (!wpkg_str_equal_text(label->name, file) ||
		    !wpkg_media_type_is_wasm(label->media_type))
			continue;
		*parcel = i;
		return WPKG_OK;
	}
	return WPKG_FAIL(err, WPKG_ENOTFOUND, "%s has no module '%s' (see 'wpkg info')",
			 describe_id(&runnable->session.arena, invoice), file);
}

static enum wpkg_status open_root(struct runnable *runnable, size_t *parcel, const char *operand,
				  const char *module, struct wpkg_err *err)
{
	struct reference reference = {.is_place = false};
	enum wpkg_status status = WPKG_OK;
	if (package_is_here(operand)) {
		status = find_here(runnable, operand, err);
	} else {
		status = reference_parse(&reference, operand, err);
		if (status == WPKG_OK)
			status = find_there(runnable, &reference, err);
	}
	if (status == WPKG_OK && module)
		status = find_file(parcel, runnable, module, err);
	else if (status == WPKG_OK)
		status = module_choose(parcel, &runnable->session, &reference,
				       runnable->root.invoice, err);
	return status;
}

static enum wpkg_status find_main(size_t *out, const struct runnable *runnable, size_t parcel,
				  struct wpkg_err *err)
{
	const struct wpkg_label *label = &runnable->root.invoice->parcels[parcel].label;
	for (size_t i = 0; i < runnable->count; i++)
		if (runnable->origins[i].parcel == parcel) {
			*out = i;
			return WPKG_OK;
		}
	return WPKG_FAIL(err, WPKG_EINVAL, "parcel %.*s is no module, but %.*s",
			 WPKG_STR_ARG(label->name), WPKG_STR_ARG(label->media_type));
}

static void close_runnable(void *state)
{
	struct runnable *runnable = state;
	package_close(&runnable->package);
	session_close(&runnable->session);
	wpkg_mem_free(runnable);
}

enum wpkg_status runnable_open(struct tool_package *out, struct wpkg_wiring *wiring,
			       const struct wpkg_invocation *invocation, const char *operand,
			       const char *module, struct wpkg_err *err)
{
	size_t parcel = 0, main = 0;
	struct runnable *runnable = wpkg_mem_calloc(1, sizeof(*runnable));
	if (!runnable)
		return no_memory(err);
	runnable->package = (struct package)PACKAGE_NONE;
	enum wpkg_status status = session_open(&runnable->session, invocation, err);
	if (status == WPKG_OK)
		status = open_root(runnable, &parcel, operand, module, err);
	if (status == WPKG_OK &&
	    !take_needs(&wiring->needs, &runnable->session.arena, runnable->root.invoice))
		status = no_memory(err);
	if (status == WPKG_OK)
		status = add_modules(runnable, wiring, &runnable->root, NULL, err);
	if (status == WPKG_OK)
		status = find_main(&main, runnable, parcel, err);
	if (status != WPKG_OK) {
		close_runnable(runnable);
		return status;
	}
	*out = (struct tool_package){.state = runnable,
				     .main = main,
				     .add_dependencies = add_dependencies,
				     .open_module = open_module,
				     .close = close_runnable};
	return WPKG_OK;
}
