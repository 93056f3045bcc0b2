/* SPDX-License-Identifier: Apache-2.0 */
#include "parcel.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/channel.h"
#include "examination.h"

enum wpkg_status parcel_open(struct parcel *out, struct examination *examination, size_t index,
			     struct wpkg_err *err)
{
	uint32_t number = (uint32_t)index;
	struct wpkg_buf bytes;
	struct wpkg_message message = {.kind = WPKG_ADMISSION_NEED,
				       .bytes = wpkg_str_of(&number, sizeof(number))};
	enum wpkg_status status = wpkg_channel_send(examination->channel, &message, 0, err);
	if (status != WPKG_OK)
		return status;
	wpkg_buf_init(&bytes, 0);
	status = wpkg_channel_receive(&message, &bytes, examination->channel, 1, 0, err);
	wpkg_buf_clear(&bytes);
	if (status != WPKG_OK)
		return status;
	if (message.kind != WPKG_ADMISSION_PARCEL || message.fd_count != 1) {
		wpkg_message_close(&message);
		return WPKG_FAIL(err, WPKG_EIO, "parcel %zu: the server gave none", index);
	}
	*out = (struct parcel){.index = index, .fd = message.fds[0]};
	return WPKG_OK;
}

enum wpkg_status parcel_map(struct parcel *parcel, struct wpkg_err *err)
{
	struct stat stat;
	if (fstat(parcel->fd, &stat) != 0)
		return WPKG_FAIL_ERRNO(err, errno, "parcel %zu", parcel->index);
	if (stat.st_size > 0) {
		void *at = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, parcel->fd, 0);
		if (at == MAP_FAILED)
			return WPKG_FAIL_ERRNO(err, errno, "parcel %zu", parcel->index);
		parcel->bytes = wpkg_str_of(at, (size_t)stat.st_size);
	}
	close(parcel->fd);
	parcel->fd = -1;
	return WPKG_OK;
}

void parcel_close(struct parcel *parcel)
{
	if (parcel->bytes.len > 0)
		munmap((void *)(uintptr_t)parcel->bytes.ptr, parcel->bytes.len);
	if (parcel->fd >= 0)
		close(parcel->fd);
	*parcel = (struct parcel){.fd = -1};
}
