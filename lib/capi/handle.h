/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_CAPI_HANDLE_H
#define WPKG_CAPI_HANDLE_H

/*
 * What is behind the handles of wasm.h. A handle is the thing itself, counted: copying counts up,
 * deleting down. What a guest can reach stays until its store goes, whatever the count is; the rest
 * (traps, handles of modules, foreign things that no guest was given) goes with its last handle.
 */

#include "base/str.h"
#include "capi/wasm.h"
#include "exec/engine.h"
#include "exec/external.h"
#include "wasm/module.h"

enum handle_kind {
	HANDLE_TRAP,
	HANDLE_FOREIGN,
	HANDLE_MODULE,
	HANDLE_FUNC,
	HANDLE_GLOBAL,
	HANDLE_TABLE,
	HANDLE_MEMORY,
	HANDLE_TAG,
	HANDLE_INSTANCE,
	HANDLE_OPAQUE /* an external reference that the guest made of something of its own */
};

/* A module's bytes and what was read from them, for any number of stores. */
struct capi_module {
	uint32_t holders; /* (atomic) */
	struct wpkg_str bytes;
	struct wpkg_module *module;
};

struct capi_frame {
	struct wasm_ref_t *instance;
	uint32_t function, offset; /* of the module's file */
};

struct wasm_ref_t {
	enum handle_kind kind;
	struct wasm_store_t *store;
	uint32_t holders;
	bool stays;		 /* in the store's table, by key */
	uint64_t key;		 /* the engine's object or word */
	uint64_t number;	 /* plus 1, as an external reference; 0: none so far */
	struct wasm_ref_t *next; /* of the bucket */
	void *host_info;
	void (*finalizer)(void *);
	union {
		struct wpkg_external external; /* FUNC to TAG */
		struct wpkg_instance *instance;
		struct capi_module *module;
		struct {
			wasm_message_t message;
			struct capi_frame *frames; /* innermost first */
			uint32_t frame_count;
		} trap;
	};
};

/* Each kind of handle is its reference. */
#define HANDLE(name)                                                                               \
	struct wasm_##name##_t {                                                                   \
		struct wasm_ref_t ref;                                                             \
	};
HANDLE(trap)
HANDLE(foreign)
HANDLE(module)
HANDLE(func)
HANDLE(global)
HANDLE(table)
HANDLE(memory)
HANDLE(tag)
HANDLE(extern)
HANDLE(instance)
#undef HANDLE

struct wasm_shared_module_t {
	struct capi_module *module;
};

/* What a host function calls. */
struct capi_callback {
	struct capi_callback *next; /* of the store */
	struct wasm_store_t *store;
	struct wpkg_func_type type;
	wasm_func_callback_t plain; /* NULL: the other one */
	wasm_func_callback_with_env_t with_env;
	void *env;
	void (*finalizer)(void *);
};

struct wasm_config_t {
	struct wpkg_engine_limits limits;
};

struct wasm_engine_t {
	struct wasm_config_t config;
};

struct wasm_store_t {
	struct wpkg_engine *engine;
	struct wasm_ref_t **buckets; /* of those that stay, by key */
	uint32_t bucket_count, stay_count;
	struct wasm_ref_t **numbered; /* external references by number */
	uint32_t numbered_count, numbered_cap;
	struct capi_callback *callbacks;
	struct capi_module **modules; /* that were instantiated: held */
	uint32_t module_count, module_cap;
	struct wasm_trap_t *pending; /* what a callback returned, on its way through the engine */
};

/* A handle of nothing yet, with one holder; NULL: no memory. */
struct wasm_ref_t *capi_handle_new(struct wasm_store_t *store, enum handle_kind kind);

/* The handle of the key, which becomes one that stays if it is new: one more holder. NULL: no
 * memory.
 */
struct wasm_ref_t *capi_handle_of(struct wasm_store_t *store, enum handle_kind kind, uint64_t key);

/* Makes a handle stay, under the key. */
bool capi_handle_keep(struct wasm_ref_t *ref, uint64_t key);

void capi_handle_delete(struct wasm_ref_t *ref); /* NULL is fine */
void capi_handle_end(struct wasm_ref_t *ref);	 /* whatever its holders: finalized and freed */

/* Of what a guest exports or was given. */
struct wasm_ref_t *capi_handle_of_external(struct wasm_store_t *store,
					   const struct wpkg_external *external);
struct wasm_ref_t *capi_handle_of_instance(struct wasm_store_t *store,
					   struct wpkg_instance *instance);

/* module.c */
struct capi_module *capi_module_hold(struct capi_module *module);
void capi_module_drop(struct capi_module *module);

/* type.c: types of the engine as those of wasm.h; NULL: no memory. */
wasm_valkind_t capi_kind_of(const struct wpkg_types *types, wpkg_valtype type);
wpkg_valtype capi_type_of_kind(wasm_valkind_t kind);
wasm_functype_t *capi_functype(const struct wpkg_types *types, const struct wpkg_func_type *type);
wasm_globaltype_t *capi_globaltype(const struct wpkg_types *types, wpkg_valtype type,
				   bool is_mutable);
wasm_tabletype_t *capi_tabletype(const struct wpkg_types *types, wpkg_valtype element,
				 const struct wpkg_extent *extent);
wasm_memorytype_t *capi_memorytype(const struct wpkg_extent *extent);
struct wpkg_extent capi_extent(const wasm_limits_t *limits);

/* value.c */

/* The engine's form; false: it is not of the type, or belongs to another store. */
bool capi_value_to(union wpkg_wasm_value *out, struct wasm_store_t *store, wpkg_valtype type,
		   const wasm_val_t *value);
/* False: no memory, or a vector. */
bool capi_value_from(wasm_val_t *out, struct wasm_store_t *store, wpkg_valtype type,
		     const union wpkg_wasm_value *value);
/* The same of references alone. */
bool capi_ref_to(uint64_t *out, struct wasm_store_t *store, wpkg_valtype type,
		 struct wasm_ref_t *ref);
bool capi_ref_from(struct wasm_ref_t **out, struct wasm_store_t *store, uint64_t word);

/* trap.c */
struct wasm_trap_t *capi_trap_new(struct wasm_store_t *store, const char *text);
/* What an outcome says, or the trap that a callback has returned; NULL when it returned. */
struct wasm_trap_t *capi_trap_of(struct wasm_store_t *store, const struct wpkg_outcome *outcome);

#endif
