/* SPDX-License-Identifier: Apache-2.0 */
#include "assembly.h"

#include "exec/engine.h"
#include "exec/instance.h"
#include "exec/linker.h"
#include "wasm/module.h"

enum wpkg_status wpkg_instance_initialize(struct wpkg_outcome *outcome,
					  struct wpkg_instance *instance, struct wpkg_err *err)
{
	const struct wpkg_module *module = wpkg_instance_module(instance);
	const struct wpkg_module_export *export =
		wpkg_module_find_export(module, WPKG_LIT("_initialize"));
	outcome->trap = WPKG_TRAP_NONE;
	if (!export)
		return WPKG_OK;
	if (export->kind != WPKG_EXTERN_FUNC)
		return WPKG_FAIL(err, WPKG_EINVAL, "_initialize is no function");
	const struct wpkg_type *type = wpkg_module_func_type(module, export->index);
	if (type->param_count + type->result_count > 0)
		return WPKG_FAIL(err, WPKG_EINVAL, "_initialize has another type than [] -> []");
	wpkg_func_call(outcome, wpkg_instance_find_func(instance, WPKG_LIT("_initialize")), NULL,
		       NULL);
	return WPKG_OK;
}

static enum wpkg_status make(struct wpkg_assembly *assembly, struct wpkg_assembly_part *part,
			     struct wpkg_outcome *outcome, struct wpkg_err *err);

static enum wpkg_status initialize(const struct wpkg_assembly_part *part,
				   struct wpkg_outcome *outcome, struct wpkg_err *err)
{
	enum wpkg_status status = wpkg_instance_initialize(outcome, part->instance, err);
	if (status == WPKG_OK && outcome->trap != WPKG_TRAP_NONE)
		status = WPKG_FAIL(err, WPKG_EDENIED, "%s", outcome->message);
	return status;
}

/* One that others import from: made and initialized when the first of them asks. */
static enum wpkg_status provide(struct wpkg_assembly *assembly, struct wpkg_assembly_part *part,
				struct wpkg_outcome *outcome, struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	if (!part->module)
		status = WPKG_FAIL(err, WPKG_EINVAL, "it cannot be linked");
	else if (part->is_begun && !part->instance)
		status = WPKG_FAIL(err, WPKG_EINVAL,
				   "it imports from itself, through others: there is no order to "
				   "make instances in");
	else if (!part->is_begun) {
		status = make(assembly, part, outcome, err);
		if (status == WPKG_OK)
			status = initialize(part, outcome, err);
	}
	if (status != WPKG_OK && part->origin.len > 0)
		wpkg_err_prepend(err, "%.*s", WPKG_STR_ARG(part->origin));
	return status;
}

static enum wpkg_status define_wires(struct wpkg_linker *linker, struct wpkg_assembly *assembly,
				     const struct wpkg_assembly_part *part,
				     struct wpkg_outcome *outcome, struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	for (size_t i = 0; status == WPKG_OK && i < part->wire_count; i++) {
		const struct wpkg_wire *wire = &part->wires[i];
		struct wpkg_assembly_part *from = &assembly->parts[wire->from];
		status = provide(assembly, from, outcome, err);
		if (status == WPKG_OK)
			status = wpkg_linker_define_instance(linker, wire->import, from->instance,
							     err);
	}
	return status;
}

/* Each module has the host's functions, and its own names for what it is linked to. */
static enum wpkg_status make(struct wpkg_assembly *assembly, struct wpkg_assembly_part *part,
			     struct wpkg_outcome *outcome, struct wpkg_err *err)
{
	struct wpkg_linker *linker = NULL;
	struct wpkg_instance *instance = NULL;
	part->is_begun = true;
	enum wpkg_status status = wpkg_linker_new(&linker, assembly->engine, err);
	if (status == WPKG_OK)
		status = assembly->define(assembly->user, linker, err);
	if (status == WPKG_OK)
		status = define_wires(linker, assembly, part, outcome, err);
	if (status == WPKG_OK)
		status = wpkg_linker_instantiate(&instance, linker, part->module, outcome, err);
	wpkg_linker_free(linker);
	if (status == WPKG_OK)
		part->instance = instance;
	return status;
}

enum wpkg_status wpkg_assembly_instantiate(struct wpkg_instance **out,
					   struct wpkg_assembly *assembly, size_t number,
					   struct wpkg_outcome *outcome, struct wpkg_err *err)
{
	outcome->trap = WPKG_TRAP_NONE;
	enum wpkg_status status = make(assembly, &assembly->parts[number], outcome, err);
	if (status == WPKG_OK)
		*out = assembly->parts[number].instance;
	return status;
}
