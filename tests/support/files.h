/* Files of a test, made and read whole. Failures fail the test. */
#ifndef SPIKESCOPE_TESTS_FILES_H
#define SPIKESCOPE_TESTS_FILES_H

#include <stddef.h>

/* cmocka set-up and tear-down around scratch.h: *state is the scratch folder's path. */
int files_setup(void **state);
int files_teardown(void **state);

/* folder/name as a new string. */
char *files_path(const char *folder, const char *name);

/* Writes size bytes to folder/name (making folders on the way); returns the path,
 * which the caller frees. */
char *files_write(const char *folder, const char *name, const void *data, size_t size);

/* The bytes of a file, with a terminator after them; the caller frees. */
void *files_read(const char *path, size_t *size);

#endif
