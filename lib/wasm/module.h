/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_WASM_MODULE_H
#define WPKG_WASM_MODULE_H

/*
 * A decoded and validated module as plain data, which the interpreter, the linker and the printers
 * read directly.
 *
 * Nothing of the file is copied: names are slices of it, and code, constant expressions and
 * segments are ranges of offsets in it. So the bytes must outlive the module. Value types carry the
 * canonical numbers of the module's own table of types. Each index space lists the imports first.
 *
 * A module never changes after it was read: any number of threads may use it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "wasm/feature.h"
#include "wasm/type.h"

/* No such index: a module without a start function, a function that is not imported. */
#define WPKG_INDEX_NONE UINT32_MAX

/* Bytes from one offset of the file to before another. */
struct wpkg_range {
	uint32_t start, end;
};

enum wpkg_extern { /* as the binary format numbers them */
		   WPKG_EXTERN_FUNC,
		   WPKG_EXTERN_TABLE,
		   WPKG_EXTERN_MEMORY,
		   WPKG_EXTERN_GLOBAL,
		   WPKG_EXTERN_TAG,
		   WPKG_EXTERN_COUNT
};

enum wpkg_section { /* as the binary format numbers them */
		    WPKG_SECTION_CUSTOM,
		    WPKG_SECTION_TYPE,
		    WPKG_SECTION_IMPORT,
		    WPKG_SECTION_FUNCTION,
		    WPKG_SECTION_TABLE,
		    WPKG_SECTION_MEMORY,
		    WPKG_SECTION_GLOBAL,
		    WPKG_SECTION_EXPORT,
		    WPKG_SECTION_START,
		    WPKG_SECTION_ELEMENT,
		    WPKG_SECTION_CODE,
		    WPKG_SECTION_DATA,
		    WPKG_SECTION_DATA_COUNT,
		    WPKG_SECTION_TAG,
		    WPKG_SECTION_COUNT
};

/* There may be very many, and small ones: what else is known of some of them stands elsewhere. */
struct wpkg_module_func {
	uint32_t type; /* type index */
};

/* The size of a memory (in pages) or of a table (in entries). */
struct wpkg_size {
	uint64_t min;
	uint64_t max; /* when has_max */
	bool has_max;
	bool is_64;	/* addressed by i64 */
	bool is_shared; /* memories only */
};

struct wpkg_module_table {
	struct wpkg_size size;
	wpkg_valtype element;
	uint32_t import;
	struct wpkg_range init; /* constant expression for the entries; empty: null */
};

struct wpkg_module_memory {
	struct wpkg_size size;
	uint8_t page_log2; /* of the bytes of a page: 16, or 0 with custom page sizes */
	uint32_t import;
};

struct wpkg_module_global {
	wpkg_valtype type;
	bool is_mutable;
	uint32_t import;
	struct wpkg_range init; /* constant expression; empty when imported */
};

struct wpkg_module_tag {
	uint32_t type; /* type index of a function type without results */
	uint32_t import;
};

struct wpkg_module_import {
	struct wpkg_str module, field; /* UTF-8 */
	uint8_t kind;		       /* enum wpkg_extern */
	uint32_t index;		       /* in the index space of that kind */
	uint32_t offset;	       /* of the entry */
};

struct wpkg_module_export {
	struct wpkg_str name; /* UTF-8, unique */
	uint8_t kind;	      /* enum wpkg_extern */
	uint32_t index;	      /* in the index space of that kind */
	uint32_t offset;      /* of the entry */
};

enum wpkg_segment { WPKG_SEGMENT_ACTIVE, WPKG_SEGMENT_PASSIVE, WPKG_SEGMENT_DECLARATIVE };

struct wpkg_module_elem {
	uint8_t mode; /* enum wpkg_segment */
	wpkg_valtype type;
	bool has_expressions; /* items are constant expressions, else function indices (LEB128) */
	uint32_t table;	      /* active */
	struct wpkg_range at; /* constant expression for the offset: active */
	uint32_t count;	      /* items */
	struct wpkg_range items;
};

struct wpkg_module_data {
	uint8_t mode;	      /* enum wpkg_segment, not declarative */
	uint32_t memory;      /* active */
	struct wpkg_range at; /* constant expression for the offset: active */
	struct wpkg_range bytes;
};

struct wpkg_module_section {
	uint8_t id;		/* enum wpkg_section */
	uint32_t count;		/* entries; 0 for custom sections, start and data count */
	struct wpkg_str name;	/* of custom sections */
	struct wpkg_range all;	/* with identifier and size */
	struct wpkg_range body; /* behind size and, for custom sections, the name */
};

struct wpkg_module {
	struct wpkg_str bytes; /* the file */

	struct wpkg_types types; /* canonical */
	uint32_t *type_ids;	 /* canonical number by type index */
	uint32_t *type_names;	 /* by canonical number: the first type index that is it */
	uint32_t type_count;

	struct wpkg_module_section *sections; /* as they stand in the file */
	struct wpkg_module_import *imports;
	struct wpkg_module_func *funcs;
	uint32_t *func_imports;	   /* of the first func_import_count: index in imports */
	struct wpkg_range *bodies; /* of the others: wpkg_module_body; NULL: not kept */
	struct wpkg_module_table *tables;
	struct wpkg_module_memory *memories;
	struct wpkg_module_global *globals;
	struct wpkg_module_tag *tags;
	struct wpkg_module_export *exports;
	/* By hash of the name: half of the hash above the number of the export, plus 1; 0: free. */
	uint64_t *export_buckets;
	struct wpkg_module_elem *elems;
	struct wpkg_module_data *datas;
	uint32_t section_count;
	uint32_t import_count;
	uint32_t func_count, func_import_count;
	uint32_t table_count, table_import_count;
	uint32_t memory_count, memory_import_count;
	uint32_t global_count, global_import_count;
	uint32_t tag_count, tag_import_count;
	uint32_t export_count;
	uint32_t export_bucket_count; /* a power of two */
	uint32_t elem_count;
	uint32_t data_count; /* what the data count section said, until the data section is read */
	bool has_data_count; /* there is a data count section */
	bool is_packed;	     /* one block, with all arrays */
	uint32_t start;	     /* function index; WPKG_INDEX_NONE: none */

	wpkg_features features;			      /* what the module uses */
	uint32_t feature_offsets[WPKG_FEATURE_COUNT]; /* where each is used first */
};

/* Ceilings; 0 in a field is its default, which is what the engines on the web agreed on. */
struct wpkg_module_limits {
	uint32_t types; /* 1,000,000, as for functions, imports, exports, globals, tags */
	uint32_t functions;
	uint32_t imports;
	uint32_t exports;
	uint32_t globals;
	uint32_t tags;
	uint32_t tables;	  /* 100,000 */
	uint32_t memories;	  /* 100 */
	uint32_t segments;	  /* 100,000 of each kind */
	uint32_t sections;	  /* 100,000 */
	uint32_t name_bytes;	  /* 100,000 */
	uint32_t body_bytes;	  /* 7,654,321 */
	uint32_t locals;	  /* 50,000 with the parameters */
	uint32_t params, results; /* 1,000 of a function type */
	uint32_t fields;	  /* 10,000 of a struct type */
	uint32_t operands;	  /* 8,000,000 on the operand stack of a body */
};

/* Where reading a module failed. */
struct wpkg_module_fault {
	uint32_t offset;      /* of the byte that is wrong */
	uint32_t function;    /* whose body is not valid; WPKG_INDEX_NONE: it was elsewhere */
	struct wpkg_str name; /* of that function by the name section, a slice of the file */
};

struct wpkg_module_options {
	wpkg_features features; /* allowed ones; 0: wpkg_features_all */
	struct wpkg_module_limits limits;
	unsigned threads; /* that check bodies, the caller's included; 0: 1. Same first error */
	bool no_bodies;	  /* where each body is is not kept: the module's bodies are NULL */
	bool is_slow;	  /* each instruction by all rules: for tests of the quick walk */
	struct wpkg_module_fault *fault; /* filled on failure; may be NULL */
};

/*
 * Decodes and validates. Messages begin with the offset of the byte that is wrong, and those about
 * a body end with the instruction and the function:
 *
 *   0x2f: type mismatch: expected i32, found i64 (i32.add in function 3)
 *
 * WPKG_EFORMAT: the module is malformed or invalid, or uses a feature that is not allowed;
 * WPKG_ELIMIT: it passes a limit; WPKG_ENOMEM. Files of 4 GiB and more pass a limit. NULL options
 * are the defaults.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_module_read(struct wpkg_module **out, struct wpkg_str bytes,
						  const struct wpkg_module_options *options,
						  struct wpkg_err *err);
void wpkg_module_free(struct wpkg_module *module);

/* For who has made something else of its types, bodies and data segments and asks for them no more:
 * gives back their memory, unless it is one block with the rest. */
void wpkg_module_forget_content(struct wpkg_module *module);

/* The defined type of a type index. */
static inline const struct wpkg_type *wpkg_module_type(const struct wpkg_module *module,
						       uint32_t index)
{
	return &module->types.types[module->type_ids[index]];
}

/* The type of a function index. */
static inline const struct wpkg_type *wpkg_module_func_type(const struct wpkg_module *module,
							    uint32_t index)
{
	return wpkg_module_type(module, module->funcs[index].type);
}

/* Index in imports; WPKG_INDEX_NONE: it is defined here. */
static inline uint32_t wpkg_module_func_import(const struct wpkg_module *module, uint32_t index)
{
	return index < module->func_import_count ? module->func_imports[index] : WPKG_INDEX_NONE;
}

/* A function's body: from the declaration of locals to behind the last end. An imported one has
 * none, which is empty. */
static inline struct wpkg_range wpkg_module_body(const struct wpkg_module *module, uint32_t index)
{
	const struct wpkg_range none = {0, 0};
	return index < module->func_import_count
		       ? none
		       : module->bodies[index - module->func_import_count];
}

/* The bytes of a range; *end is behind the last. */
static inline const uint8_t *wpkg_module_at(const struct wpkg_module *module, uint32_t offset)
{
	return (const uint8_t *)module->bytes.ptr + offset;
}

static inline struct wpkg_str wpkg_module_slice(const struct wpkg_module *module,
						struct wpkg_range range)
{
	return wpkg_str_slice(module->bytes, range.start, range.end);
}

/* The export of that name; NULL when there is none. */
const struct wpkg_module_export *wpkg_module_find_export(const struct wpkg_module *module,
							 struct wpkg_str name);

/* The first custom section of that name; NULL when there is none. */
const struct wpkg_module_section *wpkg_module_find_custom(const struct wpkg_module *module,
							  struct wpkg_str name);

/*
 * The function's name by the name section, else by an export or import; empty when it has none.
 * Reads the section from its start: for a message, not for each of many functions. A name section
 * that is broken names nothing from there on.
 */
struct wpkg_str wpkg_module_func_name(const struct wpkg_module *module, uint32_t index);

/* "func", "table", ... Static text. */
const char *wpkg_extern_name(enum wpkg_extern kind);

/* "custom", "type", "data count", ... Static text. */
const char *wpkg_section_name(enum wpkg_section id);

#endif
