/* Pictures: from a file to the pixels a model wants. */
#ifndef SPIKESCOPE_MODEL_IMAGE_H
#define SPIKESCOPE_MODEL_IMAGE_H

#include "base/status.h"
#include "model/model.h"

#include <stdint.h>

/* An undecorated RGB picture, 8 bits. */
struct image {
	int width, height;
	uint8_t *rgb; /* [height, width, 3] */
};

/* Reads a JPEG or PNG (told apart by their first bytes; grey, palette, alpha,
 * CMYK and 16 bits are brought to RGB: alpha over white, of 16 bits the upper 8).
 * Refuses more than 100 megapixels before it allocates, and files that are cut
 * short. Fails with STATUS_DATA. The orientation that a camera notes in EXIF and
 * colour profiles are ignored, as Pillow's Image.open does. */
bool image_read(const char *path, struct image *image, struct status *st);

/* Gives image a size and undefined pixels; name is what messages call it. Fails
 * when a side is not positive, over 100 megapixels, or out of memory. */
bool image_new(struct image *image, int64_t width, int64_t height, const char *name, struct status *st);
void image_done(struct image *image); /* frees the pixels and zeroes image */

/* Pillow's Image.resize(), byte for byte: separable, horizontally then vertically,
 * antialiased (support times max(1, in/out)), bicubic with a = -0.5, coefficients
 * in 22-bit fixed point, 8 bits between the passes. out is new. */
bool image_resize(const struct image *in, int width, int height, enum interpolation interpolation, struct image *out,
		  struct status *st);

/* Resize (the shorter side to prep.resize, or both), centre crop (black where the
 * picture is smaller), divide by 255, subtract mean, divide by std. Models of one
 * channel get Pillow's grey (ITU-R 601), taken before the resize.
 * pixels: [channels, size, size] with size = vit->image_size. */
bool image_prepare(const struct image *image, const struct model *model, float *pixels, struct status *st);

/* The last step alone, for a picture that is already [size, size]. */
bool image_normalise(const struct image *image, const struct model *model, float *pixels, struct status *st);

/* The inverse of the normalisation, for showing a picture: rgb [size,size,3]. */
void image_show(const struct model *model, const float *pixels, uint8_t *rgb);

#endif
