#include "model/image/codec.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

struct png_reader {
	png_structp png;
	png_infop info;
	jmp_buf jump;
	char message[128];
	struct image image;
	uint8_t *rgba; /* [height, width, 4] */
	png_bytep *rows;
};

static void
on_error(png_structp png, png_const_charp message)
{
	struct png_reader *r = png_get_error_ptr(png);

	snprintf(r->message, sizeof(r->message), "%s", message);
	longjmp(r->jump, 1);
}

static void
on_warning(png_structp png, png_const_charp message)
{
	(void)png;
	(void)message;
}

/* Whatever the file holds, RGBA of 8 bits comes out. */
static void
ask_for_rgba(struct png_reader *r)
{
	png_set_strip_16(r->png);
	png_set_expand(r->png);
	png_set_gray_to_rgb(r->png);
	png_set_add_alpha(r->png, 0xff, PNG_FILLER_AFTER);
	png_set_interlace_handling(r->png);
	png_read_update_info(r->png, r->info);
}

static bool
decode(struct png_reader *r, FILE *file, const char *path, struct status *st)
{
	size_t width, height;

	png_init_io(r->png, file);
	/* image_new() sets the limit and says which it is. */
	png_set_user_limits(r->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
	png_read_info(r->png, r->info);
	width = png_get_image_width(r->png, r->info);
	height = png_get_image_height(r->png, r->info);
	if (!image_new(&r->image, (int64_t)width, (int64_t)height, path, st))
		return false;
	ask_for_rgba(r);
	r->rgba = malloc(width * height * 4);
	r->rows = malloc(height * sizeof(*r->rows));
	if (!r->rgba || !r->rows)
		return status_nomem(st, path);
	for (size_t y = 0; y < height; y++)
		r->rows[y] = r->rgba + y * width * 4;
	png_read_image(r->png, r->rows);
	return true;
}

static void
lay_over_white(const uint8_t *rgba, size_t count, uint8_t *rgb)
{
	for (size_t i = 0; i < count; i++, rgba += 4, rgb += 3)
		for (int c = 0; c < 3; c++)
			rgb[c] = (uint8_t)((rgba[c] * rgba[3] + 255 * (255 - rgba[3]) + 127) / 255);
}

/* The jump lands in a frame of its own, so that r, which the caller owns, is whole. */
static bool
decode_or_fail(struct png_reader *r, FILE *file, const char *path, struct status *st)
{
	if (setjmp(r->jump) == 0)
		return decode(r, file, path, st);
	return status_fail(st, STATUS_DATA, "%s: not a readable PNG (%s); is this a complete copy?", path, r->message);
}

bool
image_read_png(FILE *file, const char *path, struct image *image, struct status *st)
{
	struct png_reader r = {0};
	bool ok;

	r.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &r, on_error, on_warning);
	r.info = r.png ? png_create_info_struct(r.png) : NULL;
	ok = r.info ? decode_or_fail(&r, file, path, st) : status_nomem(st, path);
	png_destroy_read_struct(&r.png, &r.info, NULL);
	if (ok) {
		lay_over_white(r.rgba, (size_t)r.image.width * (size_t)r.image.height, r.image.rgb);
		*image = r.image;
	} else {
		image_done(&r.image);
	}
	free(r.rgba);
	free(r.rows);
	return ok;
}
