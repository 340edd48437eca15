#include "model/image/codec.h"

#include <setjmp.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

/* A progressive file may ask for the whole picture thousands of times. */
enum { SCANS_MAX = 500 };

/* libjpeg hands out only cinfo to its callbacks; client_data leads back here. */
struct jpeg_reader {
	struct jpeg_decompress_struct cinfo;
	struct jpeg_error_mgr err;
	struct jpeg_progress_mgr progress;
	jmp_buf jump;
	bool cut; /* the file ended before its end marker */
	char message[JMSG_LENGTH_MAX];
	struct image image;
};

static void
on_error(j_common_ptr cinfo)
{
	struct jpeg_reader *r = cinfo->client_data;

	r->err.format_message(cinfo, r->message);
	longjmp(r->jump, 1);
}

/* Warnings stay silent, but a missing end is not a picture. */
static void
on_message(j_common_ptr cinfo, int level)
{
	struct jpeg_reader *r = cinfo->client_data;

	if (level < 0 && r->err.msg_code == JWRN_JPEG_EOF)
		r->cut = true;
}

static void
on_progress(j_common_ptr cinfo)
{
	struct jpeg_reader *r = cinfo->client_data;

	if (r->cinfo.input_scan_number > SCANS_MAX) {
		snprintf(r->message, sizeof(r->message), "more than %d scans", SCANS_MAX);
		longjmp(r->jump, 1);
	}
}

static uint8_t
times(unsigned a, unsigned b)
{
	unsigned t = a * b + 128;

	return (uint8_t)(((t >> 8) + t) >> 8);
}

/* Adobe's inverted CMYK, as Pillow reads all CMYK JPEGs and converts them: without
 * a profile there is no better guess. */
static void
cmyk_to_rgb(const uint8_t *cmyk, int width, uint8_t *rgb)
{
	for (int x = 0; x < width; x++, cmyk += 4, rgb += 3)
		for (int c = 0; c < 3; c++)
			rgb[c] = (uint8_t)(cmyk[3] - times(255u - cmyk[c], cmyk[3]));
}

static bool
decode(struct jpeg_reader *r, FILE *file, const char *path, struct status *st)
{
	struct jpeg_decompress_struct *cinfo = &r->cinfo;
	bool cmyk;
	JSAMPARRAY line;

	jpeg_create_decompress(cinfo);
	cinfo->progress = &r->progress;
	jpeg_stdio_src(cinfo, file);
	jpeg_read_header(cinfo, TRUE);
	cmyk = cinfo->jpeg_color_space == JCS_CMYK || cinfo->jpeg_color_space == JCS_YCCK;
	cinfo->out_color_space = cmyk ? JCS_CMYK : JCS_RGB;
	if (!image_new(&r->image, cinfo->image_width, cinfo->image_height, path, st))
		return false;
	jpeg_start_decompress(cinfo);
	line = cinfo->mem->alloc_sarray((j_common_ptr)cinfo, JPOOL_IMAGE, cinfo->output_width * 4, 1);
	while (cinfo->output_scanline < cinfo->output_height) {
		uint8_t *rgb = r->image.rgb + (size_t)cinfo->output_scanline * cinfo->output_width * 3;

		jpeg_read_scanlines(cinfo, cmyk ? line : &rgb, 1);
		if (cmyk)
			cmyk_to_rgb(line[0], r->image.width, rgb);
	}
	return !r->cut || status_fail(st, STATUS_DATA, "%s: the JPEG ends too soon; is this a complete copy?", path);
}

/* The jump lands in a frame of its own, so that r, which the caller owns, is whole. */
static bool
decode_or_fail(struct jpeg_reader *r, FILE *file, const char *path, struct status *st)
{
	if (setjmp(r->jump) == 0)
		return decode(r, file, path, st);
	return status_fail(st, STATUS_DATA, "%s: not a readable JPEG (%s); open and save it again with a picture editor", path,
			   r->message);
}

bool
image_read_jpeg(FILE *file, const char *path, struct image *image, struct status *st)
{
	struct jpeg_reader r = {.progress.progress_monitor = on_progress};
	bool ok;

	r.cinfo.err = jpeg_std_error(&r.err);
	r.err.error_exit = on_error;
	r.err.emit_message = on_message;
	r.cinfo.client_data = &r;
	ok = decode_or_fail(&r, file, path, st);
	jpeg_destroy_decompress(&r.cinfo);
	if (ok)
		*image = r.image;
	else
		image_done(&r.image);
	return ok;
}
