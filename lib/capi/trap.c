/* SPDX-License-Identifier: Apache-2.0 */
#include "capi/handle.h"

#include "base/mem.h"
#include "exec/call.h"

struct wasm_frame_t {
	struct capi_frame at;
};

wasm_trap_t *wasm_trap_new(wasm_store_t *store, const wasm_message_t *message)
{
	struct wasm_ref_t *ref = capi_handle_new(store, HANDLE_TRAP);
	if (!ref)
		return NULL;
	wasm_byte_vec_copy(&ref->trap.message, message);
	return (wasm_trap_t *)(void *)ref;
}

wasm_trap_t *capi_trap_new(struct wasm_store_t *store, const char *text)
{
	wasm_message_t message;
	wasm_name_new_from_string_nt(&message, text);
	wasm_trap_t *trap = wasm_trap_new(store, &message);
	wasm_name_delete(&message);
	return trap;
}

static void add_frames(struct wasm_ref_t *ref, const struct wpkg_outcome *outcome)
{
	ref->trap.frames = wpkg_mem_calloc(outcome->frame_count, sizeof(*ref->trap.frames));
	for (uint32_t i = 0; ref->trap.frames && i < outcome->frame_count; i++) {
		const struct wpkg_frame *frame = &outcome->frames[i];
		struct wasm_ref_t *instance = capi_handle_of_instance(
			ref->store, (struct wpkg_instance *)(uintptr_t)frame->instance);
		if (!instance)
			return;
		instance->holders--; /* the frame borrows it: an instance stays */
		ref->trap.frames[i] = (struct capi_frame){instance, frame->function, frame->offset};
		ref->trap.frame_count++;
	}
}

wasm_trap_t *capi_trap_of(struct wasm_store_t *store, const struct wpkg_outcome *outcome)
{
	struct wasm_trap_t *trap = store->pending;
	store->pending = NULL;
	if (outcome->trap == WPKG_TRAP_NONE)
		return NULL;
	if (!trap)
		trap = capi_trap_new(store, outcome->message);
	if (trap && !trap->ref.trap.frames)
		add_frames(&trap->ref, outcome);
	return trap;
}

void wasm_trap_message(const wasm_trap_t *trap, wasm_message_t *out)
{
	wasm_byte_vec_copy(out, &trap->ref.trap.message);
}

/* Frames. */

static wasm_frame_t *frame_new(const struct capi_frame *at)
{
	wasm_frame_t *frame = wpkg_mem_calloc(1, sizeof(*frame));
	if (frame)
		frame->at = *at;
	return frame;
}

wasm_frame_t *wasm_trap_origin(const wasm_trap_t *trap)
{
	return trap->ref.trap.frame_count ? frame_new(&trap->ref.trap.frames[0]) : NULL;
}

void wasm_trap_trace(const wasm_trap_t *trap, wasm_frame_vec_t *out)
{
	wasm_frame_vec_new_uninitialized(out, trap->ref.trap.frame_count);
	for (size_t i = 0; i < out->size; i++)
		out->data[i] = frame_new(&trap->ref.trap.frames[i]);
}

wasm_frame_t *wasm_frame_copy(const wasm_frame_t *frame)
{
	return frame_new(&frame->at);
}

void wasm_frame_delete(wasm_frame_t *frame)
{
	wpkg_mem_free(frame);
}

struct wasm_instance_t *wasm_frame_instance(const wasm_frame_t *frame)
{
	return (struct wasm_instance_t *)(void *)frame->at.instance;
}

uint32_t wasm_frame_func_index(const wasm_frame_t *frame)
{
	return frame->at.function;
}

size_t wasm_frame_module_offset(const wasm_frame_t *frame)
{
	return frame->at.offset;
}

size_t wasm_frame_func_offset(const wasm_frame_t *frame)
{
	const struct wpkg_module *module = wpkg_instance_module(frame->at.instance->instance);
	return frame->at.offset - wpkg_module_body(module, frame->at.function).start;
}
