/* SPDX-License-Identifier: Apache-2.0 */
/* wpkg link: the members of thin archives, which are files beside the archive. */
#include <fcntl.h>

#include "base/mem.h"
#include "base/path.h"
#include "link.h"
#include "link/object.h"

struct link_thin {
	struct link_thin *next;
	struct wpkg_file_map *maps;
	struct wpkg_str *bytes;
	size_t count; /* of those that are open */
};

/* A member's name is a path from the archive's folder. */
static char *path_of(struct wpkg_str archive, struct wpkg_str member)
{
	struct wpkg_buf path;
	size_t slash = wpkg_str_find_last(archive, '/');
	wpkg_buf_init(&path, SIZE_MAX);
	if (slash < archive.len && !wpkg_str_starts(member, WPKG_LIT("/")))
		wpkg_buf_append_str(&path, wpkg_str_slice(archive, 0, slash + 1));
	wpkg_buf_append_str(&path, member);
	return wpkg_buf_detach(&path);
}

static enum wpkg_status open_member(struct link_thin *thin, struct wpkg_str archive,
				    struct wpkg_str member, struct wpkg_err *err)
{
	char *path = path_of(archive, member);
	if (!path)
		return WPKG_FAIL(err, WPKG_ENOMEM, "link: no memory");
	struct wpkg_file_map *map = &thin->maps[thin->count];
	enum wpkg_status status = wpkg_file_map_open(map, AT_FDCWD, path, UINT32_MAX, err);
	wpkg_mem_free(path);
	if (status == WPKG_OK)
		thin->bytes[thin->count++] = map->bytes;
	return status;
}

static enum wpkg_status open_members(struct link_thin **list, struct wpkg_object_input *input,
				     const struct wpkg_str *names, size_t count,
				     struct wpkg_err *err)
{
	struct link_thin *thin = wpkg_mem_calloc(1, sizeof(*thin));
	if (!thin)
		return WPKG_FAIL(err, WPKG_ENOMEM, "link: no memory");
	thin->next = *list;
	*list = thin;
	thin->maps = wpkg_mem_calloc(count, sizeof(*thin->maps));
	thin->bytes = wpkg_mem_calloc(count, sizeof(*thin->bytes));
	if (!thin->maps || !thin->bytes)
		return WPKG_FAIL(err, WPKG_ENOMEM, "link: no memory");
	enum wpkg_status status = WPKG_OK;
	while (status == WPKG_OK && thin->count < count)
		status = open_member(thin, input->name, names[thin->count], err);
	input->members = thin->bytes;
	input->member_count = thin->count;
	return status;
}

enum wpkg_status link_thin_open(struct link_thin **list, struct wpkg_object_input *input,
				struct wpkg_err *err)
{
	struct wpkg_str *names = NULL;
	size_t count = 0;
	enum wpkg_status status = wpkg_object_thin_members(&names, &count, input->bytes, err);
	if (status == WPKG_OK && count > 0)
		status = open_members(list, input, names, count, err);
	wpkg_mem_free(names);
	if (status != WPKG_OK && status != WPKG_ENOMEM)
		wpkg_err_prepend(err, "%.*s", WPKG_STR_ARG(input->name));
	return status;
}

void link_thin_close(struct link_thin *list)
{
	while (list) {
		struct link_thin *next = list->next;
		for (size_t i = 0; i < list->count; i++)
			wpkg_file_map_close(&list->maps[i]);
		wpkg_mem_free(list->maps);
		wpkg_mem_free(list->bytes);
		wpkg_mem_free(list);
		list = next;
	}
}
