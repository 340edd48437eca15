#include "ui/canvas/bytes.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* What a PNG is written into. */
struct byte_buffer {
	char *byte;
	size_t size, capacity;
};

static cairo_status_t
add_bytes(void *ctx, const unsigned char *data, unsigned length)
{
	struct byte_buffer *b = ctx;

	if (b->size + length > b->capacity) {
		size_t capacity = 2 * (b->size + length);
		char *byte = realloc(b->byte, capacity);

		if (!byte)
			return CAIRO_STATUS_NO_MEMORY;
		b->byte = byte;
		b->capacity = capacity;
	}
	memcpy(b->byte + b->size, data, length);
	b->size += length;
	return CAIRO_STATUS_SUCCESS;
}

char *
png_bytes(cairo_surface_t *surface, size_t *size)
{
	struct byte_buffer b = {NULL, 0, 0};

	if (cairo_surface_write_to_png_stream(surface, add_bytes, &b) != CAIRO_STATUS_SUCCESS) {
		free(b.byte);
		return NULL;
	}
	*size = b.size;
	return b.byte;
}

void
base64_write(FILE *out, const char *data, size_t size)
{
	static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < size; i += 3) {
		uint32_t bits = (uint32_t)(unsigned char)data[i] << 16;

		bits |= i + 1 < size ? (uint32_t)(unsigned char)data[i + 1] << 8 : 0;
		bits |= i + 2 < size ? (uint32_t)(unsigned char)data[i + 2] : 0;
		fputc(digit[bits >> 18], out);
		fputc(digit[bits >> 12 & 63], out);
		fputc(i + 1 < size ? digit[bits >> 6 & 63] : '=', out);
		fputc(i + 2 < size ? digit[bits & 63] : '=', out);
	}
}
