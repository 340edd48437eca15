/* A folder of its own for a test, and small things to put in it. */
#ifndef SPIKESCOPE_TESTS_SCRATCH_H
#define SPIKESCOPE_TESTS_SCRATCH_H

#include <stddef.h>

void scratch_make(void);   /* a new empty folder in $TMPDIR or /tmp */
void scratch_remove(void); /* with all that is in it */
const char *scratch_folder(void);
/* scratch_folder()/name; valid until the eighth call from now. */
const char *scratch_path(const char *name);
void scratch_write(const char *name, const void *data, size_t size);

#endif
