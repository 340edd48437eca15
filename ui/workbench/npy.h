/* Arrays as NumPy's own files (format 1.0, little-endian float32, C order). */
#ifndef SPIKESCOPE_UI_NPY_H
#define SPIKESCOPE_UI_NPY_H

#include "base/status.h"
#include "model/files/safetensors.h"

#include <stdbool.h>

/* Through a temporary file and rename; refuses an existing file unless force. */
bool npy_write(const char *path, const struct st_out *array, bool force, struct status *st);

#endif
