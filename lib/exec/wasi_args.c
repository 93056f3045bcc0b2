/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments and environment. */
#include "exec/wasi_int.h"

#include <string.h>

/* (pointers, bytes): a pointer to each text, and the texts. */
static enum wasi_errno give_texts(struct wasi_call *call, const struct wasi_texts *texts)
{
	uint32_t address = wasi_arg(call, 1);
	uint8_t *pointers = wasi_memory(call, wasi_arg(call, 0), 4 * (uint64_t)texts->count);
	uint8_t *bytes = wasi_memory(call, address, texts->size);
	if (!pointers || !bytes)
		return WASI_EFAULT;
	size_t offset = 0;
	for (size_t i = 0; i < texts->count; i++) {
		wpkg_wasi_put32(pointers + 4 * i, address + (uint32_t)offset);
		offset += strlen(texts->bytes + offset) + 1;
	}
	memcpy(bytes, texts->bytes, texts->size);
	return WASI_ESUCCESS;
}

/* (count, size) */
static enum wasi_errno give_sizes(struct wasi_call *call, const struct wasi_texts *texts)
{
	uint8_t *count = wasi_memory(call, wasi_arg(call, 0), 4);
	uint8_t *size = wasi_memory(call, wasi_arg(call, 1), 4);
	if (!count || !size)
		return WASI_EFAULT;
	wpkg_wasi_put32(count, (uint32_t)texts->count);
	wpkg_wasi_put32(size, (uint32_t)texts->size);
	return WASI_ESUCCESS;
}

static enum wasi_errno args_get(struct wasi_call *call)
{
	return give_texts(call, &call->wasi->args);
}

static enum wasi_errno args_sizes_get(struct wasi_call *call)
{
	return give_sizes(call, &call->wasi->args);
}

static enum wasi_errno environ_get(struct wasi_call *call)
{
	return give_texts(call, &call->wasi->env);
}

static enum wasi_errno environ_sizes_get(struct wasi_call *call)
{
	return give_sizes(call, &call->wasi->env);
}

const struct wasi_entry wpkg_wasi_args_functions[] = {
	{"args_get", "i32 i32 -> i32", args_get},
	{"args_sizes_get", "i32 i32 -> i32", args_sizes_get},
	{"environ_get", "i32 i32 -> i32", environ_get},
	{"environ_sizes_get", "i32 i32 -> i32", environ_sizes_get},
	{0}};
