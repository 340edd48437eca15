/* What fuzz targets share. A target is a file tests/fuzz/NAME.c with
 * LLVMFuzzerTestOneInput(): clang's libFuzzer calls it with inputs of its own making
 * (make fuzz), replay.c with those of tests/fuzz/corpus/NAME (make test). A target
 * aborts where a promise is broken: a refusal without words, or with characters in
 * them that a terminal would obey. */
#ifndef SPIKESCOPE_TESTS_FUZZ_H
#define SPIKESCOPE_TESTS_FUZZ_H

#include "base/status.h"
#include "model/model.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A folder of this process, removed at its end. */
const char *fuzz_folder(void);
/* fuzz_folder()/name; valid until the eighth call from now. */
const char *fuzz_path(const char *name);
/* Writes the file, whose folder is made where missing; returns its path as fuzz_path() does. */
const char *fuzz_write(const char *name, const void *data, size_t size);
/* A link in the folder to a file of the repository. */
void fuzz_link(const char *name, const char *target);
void fuzz_unlink(const char *name);

/* An input in parts, which end with a byte 0: the next one as a string that the caller
 * frees; "" when there is none left. */
struct fuzz_parts {
	const uint8_t *at;
	size_t left;
};
char *fuzz_text(struct fuzz_parts *parts);

/* Fails unless st is a refusal in one line of plain text; then clears it. */
void fuzz_refused(struct status *st);
/* Fails unless it holds. */
void fuzz_check(bool holds, const char *what);

/* The digits example, loaded once. */
const struct model *fuzz_digits(void);

#endif
