/* Pictures: from a file to the pixels a model wants. */
#ifndef SPIKESCOPE_MODEL_IMAGE_H
#define SPIKESCOPE_MODEL_IMAGE_H

#include "base/status.h"
#include "model/vit.h"

#include <stdint.h>

/* An undecorated RGB picture, 8 bits. */
struct image {
	int width, height;
	uint8_t *rgb; /* [height, width, 3] */
};

/* Reads a JPEG or PNG (told apart by their first bytes; grey, palette, alpha and
 * 16 bits are brought to RGB, alpha over white). Refuses more than 100 megapixels. */
bool image_read(const char *path, struct image *image, struct status *st);
void image_done(struct image *image);

/* Resize (antialiased as Pillow's resize does, support scaled by the ratio),
 * centre crop, divide by 255, subtract mean, divide by std.
 * pixels: [channels, size, size] with size = vit->image_size. */
bool image_prepare(const struct image *image, const struct vit *vit, float *pixels, struct status *st);

/* The inverse of the normalisation, for showing a picture: rgb [size,size,3]. */
void image_show(const struct vit *vit, const float *pixels, uint8_t *rgb);

#endif
