/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_WASM_FACTS_H
#define WPKG_WASM_FACTS_H

/*
 * What a module is, for search and display, as plain data: types are text, and what the usual
 * custom sections say is there without their encoding.
 *
 * A custom section that is broken is no error: what stands before the break counts. Of producers,
 * target features and needed libraries the first thousand are kept.
 *
 * Names are slices of the file, which must outlive the facts; the module need not.
 */

#include "wasm/module.h"

enum wpkg_wasm_kind {
	WPKG_WASM_UNKNOWN,  /* no WebAssembly, or of an unknown version */
	WPKG_WASM_MODULE,   /* a core module */
	WPKG_WASM_COMPONENT /* a component: other sections, with modules inside */
};

/* By the first eight bytes. */
enum wpkg_wasm_kind wpkg_wasm_kind_of(struct wpkg_str bytes);

/* "unknown", "module", "component". Static text. */
const char *wpkg_wasm_kind_name(enum wpkg_wasm_kind kind);

struct wpkg_facts_import {
	struct wpkg_str module, field;
	enum wpkg_extern kind;
	struct wpkg_str type; /* wpkg_extern_format */
};

struct wpkg_facts_export {
	struct wpkg_str name;
	enum wpkg_extern kind;
	struct wpkg_str type;
};

struct wpkg_facts_memory {
	bool is_imported;
	struct wpkg_size size;
	uint8_t page_log2;
	struct wpkg_str type;
};

struct wpkg_facts_feature {
	enum wpkg_feature feature;
	uint32_t offset; /* of the first byte that needs it */
};

/* A row of the custom section "producers". */
struct wpkg_facts_producer {
	struct wpkg_str field; /* "language", "processed-by", "sdk" */
	struct wpkg_str name, version;
};

/* A row of the custom section "target_features". */
struct wpkg_facts_target {
	char prefix; /* '+' used, '-' not allowed, '=' required */
	struct wpkg_str name;
};

struct wpkg_facts_section {
	const char *name;	/* "type", "custom", ...; of components "core module", ... */
	struct wpkg_str custom; /* name of a custom section; else empty */
	uint32_t offset;	/* of its identifier */
	uint32_t size;		/* bytes, identifier and size included */
	uint32_t count;		/* entries */
};

/* The tool conventions' dynamic linking: custom section "dylink.0", or the older "dylink". */
struct wpkg_facts_dylink {
	struct wpkg_str section; /* its name; empty when there is none */
	uint32_t memory_size;	 /* bytes that the module wants, and their alignment as log2 */
	uint32_t memory_align;
	uint32_t table_size; /* entries, and their alignment as log2 */
	uint32_t table_align;
	struct wpkg_str *needed; /* libraries */
	uint32_t needed_count;
};

struct wpkg_facts {
	struct wpkg_arena arena; /* what the arrays and type texts are in */
	enum wpkg_wasm_kind kind;
	uint64_t size;		 /* bytes of the file */
	struct wpkg_str name;	 /* of the module, by its name section */
	uint32_t functions;	 /* defined, without imports */
	uint32_t tables;	 /* defined */
	uint32_t globals;	 /* defined */
	uint32_t tags;		 /* defined */
	uint64_t code_bytes;	 /* of the code section's body */
	uint64_t data_bytes;	 /* of the data section's body */
	bool has_start;		 /* there is a start function */
	bool has_function_names; /* a name section names functions */
	bool has_debug_info;	 /* DWARF sections, or a source map's address */
	struct wpkg_facts_import *imports;
	struct wpkg_facts_export *exports;
	struct wpkg_facts_memory *memories;  /* imported ones first */
	struct wpkg_facts_feature *features; /* by offset */
	struct wpkg_facts_producer *producers;
	struct wpkg_facts_target *targets;
	struct wpkg_facts_section *sections;
	uint32_t import_count, export_count, memory_count, feature_count, producer_count,
		target_count, section_count;
	struct wpkg_facts_dylink dylink;
};

/*
 * The facts of a module that was read. Object lifetime. WPKG_ENOMEM.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_facts_of_module(struct wpkg_facts **out,
						      const struct wpkg_module *module,
						      struct wpkg_err *err);

/*
 * The facts of a component: kind, sizes, sections and what its custom sections say. Its sections
 * are not validated, but must lie within the file: WPKG_EFORMAT otherwise.
 */
WPKG_MUST_CHECK enum wpkg_status
wpkg_facts_of_component(struct wpkg_facts **out, struct wpkg_str bytes, struct wpkg_err *err);

void wpkg_facts_free(struct wpkg_facts *facts);

#endif
