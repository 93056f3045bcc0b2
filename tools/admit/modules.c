/* SPDX-License-Identifier: Apache-2.0 */
/* The first stage: every parcel that says it is WebAssembly is decoded and validated. */
#include "base/clock.h"
#include "examination.h"
#include "parcel.h"
#include "pkg/facts.h"
#include "pkg/project.h"
#include "wasm/module.h"

/* Bytes of a function's name that the verdict shows. */
#define NAME_SHOWN 200

/* The same bytes under several names are looked at once. */
static bool is_first(const struct wpkg_invoice *invoice, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (wpkg_str_equal(invoice->parcels[i].label.sha256,
				   invoice->parcels[index].label.sha256) &&
		    wpkg_media_type_is_wasm(invoice->parcels[i].label.media_type))
			return false;
	return true;
}

/* What came of one parcel. */
struct finding {
	struct wpkg_facts *facts;   /* NULL: it is not valid */
	struct wpkg_module *module; /* NULL: a component */
	struct wpkg_component component;
	struct wpkg_err err;
	bool has_fault; /* the bytes are to blame, at a place */
	struct wpkg_module_fault fault;
};

/*
 * The facts of what is valid. A component's own sections must lie within the file; what is in them
 * is not validated.
 */
static enum wpkg_status validate(struct finding *finding, struct wpkg_arena *arena,
				 struct parcel *parcel)
{
	struct wpkg_module_options options = {.fault = &finding->fault};
	enum wpkg_status status = parcel_map(parcel, &finding->err);
	if (status != WPKG_OK)
		return status;
	if (wpkg_wasm_kind_of(parcel->bytes) == WPKG_WASM_COMPONENT) {
		status = wpkg_component_read(&finding->component, arena, parcel->bytes,
					     &finding->err);
		if (status == WPKG_OK)
			status = wpkg_facts_of_component(&finding->facts, parcel->bytes,
							 &finding->err);
		return status;
	}
	status = wpkg_module_read(&finding->module, parcel->bytes, &options, &finding->err);
	finding->has_fault = status == WPKG_EFORMAT || status == WPKG_ELIMIT;
	if (status == WPKG_OK)
		status = wpkg_facts_of_module(&finding->facts, finding->module, &finding->err);
	return status;
}

static enum wpkg_status no_memory(struct wpkg_err *err)
{
	return WPKG_FAIL(err, WPKG_ENOMEM, "verdict: no memory");
}

static struct wpkg_host_subject host_subject_of(const struct finding *finding)
{
	return (struct wpkg_host_subject){
		.module = finding->module,
		.component = finding->module ? NULL : &finding->component,
		.size = finding->facts->size,
	};
}

/* All modules of a version share what the verdict may hold of facts. */
static enum wpkg_status add_facts(struct examination *examination, struct wpkg_value *entry,
				  const struct finding *finding, struct wpkg_err *err)
{
	struct wpkg_host_subject subject = host_subject_of(finding);
	struct wpkg_arena *arena = examination->arena;
	struct wpkg_value *table = wpkg_value_add(arena, entry, "facts", WPKG_VALUE_TABLE);
	if (!table)
		return no_memory(err);
	enum wpkg_status status =
		wpkg_facts_to_value(arena, table, finding->facts, &examination->facts_left, err);
	if (status == WPKG_OK && !finding->module)
		status = wpkg_facts_add_component(arena, table, &finding->component,
						  &examination->facts_left, err);
	if (status == WPKG_OK)
		status = hosts_add_facts(examination, table, &subject, err);
	return status;
}

static bool add_error(struct wpkg_arena *arena, struct wpkg_value *entry,
		      const struct finding *finding)
{
	struct wpkg_module_fault fault = finding->fault;
	fault.name = wpkg_str_slice(fault.name, 0, NAME_SHOWN);
	return wpkg_value_add_string(arena, entry, "error", wpkg_str_from(finding->err.msg)) &&
	       (!finding->has_fault || wpkg_fault_to_value(arena, entry, &fault));
}

static enum wpkg_status add_finding(struct examination *examination, struct wpkg_value *entry,
				    const struct finding *finding, struct wpkg_err *err)
{
	if (!wpkg_value_add_boolean(examination->arena, entry, "valid", finding->facts != NULL))
		return no_memory(err);
	if (finding->facts)
		return add_facts(examination, entry, finding, err);
	examination->has_invalid = true;
	return add_error(examination->arena, entry, finding) ? WPKG_OK : no_memory(err);
}

/* What the later stages want to know of a valid module, while it is here. */
static enum wpkg_status show(struct examination *examination, struct linked *linked,
			     const struct finding *finding, struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	struct wpkg_host_subject subject = host_subject_of(finding);
	struct rules_subject ruled = {.name = linked->wired->name, .facts = finding->facts};
	if (finding->module)
		status = links_look_at(examination, linked, finding->module, err);
	if (status != WPKG_OK)
		return status;
	subject.linked = ruled.linked = linked->wired->elsewhere;
	if (!rules_look_at(&examination->rules, examination->arena, &examination->question->policy,
			   &ruled))
		return no_memory(err);
	return hosts_look_at(examination, linked->wired->name, &subject, err);
}

/* The same bytes may be there under several names. */
static enum wpkg_status show_all(struct examination *examination, struct wpkg_str sha256,
				 const struct finding *finding, struct wpkg_err *err)
{
	const struct links *links = &examination->links;
	const struct wpkg_invoice *invoice = examination->question->invoice;
	enum wpkg_status status = WPKG_OK;
	for (size_t i = 0;
	     status == WPKG_OK && i < links->count && !links->modules[i].wired->package; i++) {
		struct linked *linked = &links->modules[i];
		if (wpkg_str_equal(invoice->parcels[linked->number].label.sha256, sha256))
			status = show(examination, linked, finding, err);
	}
	return status;
}

static enum wpkg_status examine_module(struct examination *examination, struct wpkg_value *modules,
				       size_t index, struct wpkg_err *err)
{
	const struct wpkg_label *label = &examination->question->invoice->parcels[index].label;
	struct wpkg_value *entry =
		wpkg_value_add(examination->arena, modules, NULL, WPKG_VALUE_TABLE);
	struct finding finding = {.facts = NULL};
	struct parcel parcel;
	enum wpkg_status status =
		examination_progress(examination, err, "parcel %.*s", WPKG_STR_ARG(label->name));
	if (status == WPKG_OK)
		status = parcel_open(&parcel, examination, index, err);
	if (status != WPKG_OK)
		return status;
	uint64_t start = wpkg_clock_monotonic();
	if (validate(&finding, examination->arena, &parcel) != WPKG_OK)
		examination_problem(examination, "parcel %.*s: %s", WPKG_STR_ARG(label->name),
				    finding.err.msg);
	uint64_t milliseconds = (wpkg_clock_monotonic() - start) / 1000000;
	if (!wpkg_value_add_string(examination->arena, entry, "parcel", label->name) ||
	    !wpkg_value_add_string(examination->arena, entry, "sha256", label->sha256) ||
	    !wpkg_value_add_integer(examination->arena, entry, "milliseconds",
				    (int64_t)milliseconds))
		status = no_memory(err);
	if (status == WPKG_OK)
		status = add_finding(examination, entry, &finding, err);
	if (status == WPKG_OK && finding.facts)
		status = show_all(examination, label->sha256, &finding, err);
	examination->has_modules = true;
	examination->looked_at++;
	wpkg_facts_free(finding.facts);
	wpkg_module_free(finding.module);
	parcel_close(&parcel);
	return status;
}

enum wpkg_status examine_modules(struct examination *examination, struct wpkg_err *err)
{
	const struct wpkg_invoice *invoice = examination->question->invoice;
	struct wpkg_value *modules = wpkg_value_add(examination->arena, examination->verdict,
						    "modules", WPKG_VALUE_ARRAY);
	if (!modules)
		return no_memory(err);
	for (size_t i = 0; i < invoice->parcel_count; i++) {
		if (!wpkg_media_type_is_wasm(invoice->parcels[i].label.media_type) ||
		    !is_first(invoice, i))
			continue;
		enum wpkg_status status = examine_module(examination, modules, i, err);
		if (status != WPKG_OK)
			return status;
	}
	return WPKG_OK;
}
