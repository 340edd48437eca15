/* The two decoders behind image_read(). The file stands at its beginning; a
 * picture is new in image on success and not touched on failure. */
#ifndef SPIKESCOPE_MODEL_IMAGE_CODEC_H
#define SPIKESCOPE_MODEL_IMAGE_CODEC_H

#include "model/image/image.h"

#include <stdio.h>

bool image_read_jpeg(FILE *file, const char *path, struct image *image, struct status *st);
bool image_read_png(FILE *file, const char *path, struct image *image, struct status *st);

#endif
