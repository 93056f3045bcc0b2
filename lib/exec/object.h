/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_EXEC_OBJECT_H
#define WPKG_EXEC_OBJECT_H

/*
 * The inside of the things that an engine owns. Code holds their addresses, so none of them moves
 * while the engine lives.
 */

#include <stdbool.h>
#include <stdint.h>

#include "exec/call.h"
#include "exec/host.h"
#include "wasm/module.h"

struct wpkg_engine;

/* A function type as the engine uses it: kinds (enum kind of exec/compile.h) and slots. */
struct exec_sig {
	uint32_t type; /* canonical */
	uint32_t param_count, result_count;
	uint32_t param_slots, result_slots;
	uint8_t *params, *results;
};

struct wpkg_func {
	const uint64_t *code; /* NULL until it is compiled, and for host functions */
	uint8_t *home;	      /* memory 0 of its instance; NULL while code is */
	uint32_t frame;	      /* slots of a frame */
	uint32_t type;	      /* canonical */
	uint16_t params;      /* slots of the parameters */
	uint16_t link;	      /* slot of the return pc; the caller's frame pointer follows */
	uint16_t zeroed;      /* slots behind the parameters that are zero at entry */
	uint16_t pin;	      /* slot of the pinned local; 0 when there is none */
	uint32_t code_words;
	uint32_t index; /* in the instance's functions */
	const struct exec_sig *sig;
	struct exec_frame_info *info;	/* with code; NULL when there is nothing to say */
	struct wpkg_engine *engine;	/* its owner */
	struct wpkg_instance *instance; /* NULL for host functions */
	const uint8_t *body;		/* of guest functions: from the locals to the last end */
	const uint8_t *body_end;
	wpkg_host_call *host; /* NULL for guest functions */
	void *user;
};

struct wpkg_memory {
	uint8_t *base;	   /* never moves */
	uint64_t size;	   /* bytes */
	uint64_t reserved; /* bytes of address space */
	uint64_t max;	   /* pages, when has_max */
	uint8_t page_log2; /* of the bytes of a page */
	bool has_max;
	bool is_64;
	struct wpkg_shared_memory
		*shared; /* NULL: it is the engine's alone; else size lags behind */
	struct wpkg_engine *engine;
};

struct wpkg_table {
	uint64_t *entries;
	uint64_t size;
	uint64_t cap;
	uint64_t max; /* when has_max */
	bool has_max;
	bool is_64;
	bool has_objects; /* entries may refer to objects of the heap */
	wpkg_valtype element;
	struct wpkg_engine *engine;
};

struct wpkg_global {
	uint64_t cell[2];
	uint8_t kind;
	bool is_mutable;
	wpkg_valtype type;
	struct wpkg_global *next; /* of those that are references */
};

struct wpkg_tag {
	uint32_t type; /* canonical */
	struct exec_sig sig;
};

/* A segment's contents; a dropped one has no length. */
struct exec_data {
	const uint8_t *bytes;
	uint64_t length;
};

struct exec_elem {
	uint64_t *refs;
	uint64_t length;
	bool has_objects; /* items may refer to objects of the heap */
};

struct wpkg_instance {
	struct wpkg_engine *engine;
	const struct wpkg_module *module;
	uint32_t *types;       /* canonical numbers by the module's canonical ones */
	struct exec_sig *sigs; /* by type index; function types only */
	struct wpkg_func **funcs;
	struct wpkg_table **tables;
	struct wpkg_memory **memories;
	struct wpkg_global **globals;
	struct wpkg_tag **tags;
	struct wpkg_memory *main_memory; /* what host functions see; found at their first call */
	struct exec_data *datas;
	struct exec_elem *elems;
	uint32_t func_count, table_count, memory_count, global_count, data_count, elem_count;
	struct wpkg_instance *next; /* of the engine */
};

#endif
