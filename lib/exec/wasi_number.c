/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/wasi_int.h"

/* Byte by byte: compilers make one access of it, and the host's byte order does not matter. */

void wpkg_wasi_put16(uint8_t *bytes, uint16_t value)
{
	bytes[0] = (uint8_t)value;
	bytes[1] = (uint8_t)(value >> 8);
}

void wpkg_wasi_put32(uint8_t *bytes, uint32_t value)
{
	wpkg_wasi_put16(bytes, (uint16_t)value);
	wpkg_wasi_put16(bytes + 2, (uint16_t)(value >> 16));
}

void wpkg_wasi_put64(uint8_t *bytes, uint64_t value)
{
	wpkg_wasi_put32(bytes, (uint32_t)value);
	wpkg_wasi_put32(bytes + 4, (uint32_t)(value >> 32));
}

uint16_t wpkg_wasi_get16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] | bytes[1] << 8);
}

uint32_t wpkg_wasi_get32(const uint8_t *bytes)
{
	return wpkg_wasi_get16(bytes) | (uint32_t)wpkg_wasi_get16(bytes + 2) << 16;
}

uint64_t wpkg_wasi_get64(const uint8_t *bytes)
{
	return wpkg_wasi_get32(bytes) | (uint64_t)wpkg_wasi_get32(bytes + 4) << 32;
}
