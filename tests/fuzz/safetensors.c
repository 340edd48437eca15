/* A safetensors file: opened, every value read, taken for a data set. */
#include "tests/fuzz/support/fuzz.h"

#include "model/data/dataset.h"
#include "model/files/safetensors.h"

#include <string.h>

enum { SLICE = 4096, READ_MOST = 1 << 20 };

static void
read_all(const struct st_tensor *t)
{
	float slice[SLICE];
	size_t most = t->count < READ_MOST ? t->count : READ_MOST;

	for (size_t first = 0; first < most; first += SLICE)
		safetensors_read(t, first, most - first < SLICE ? most - first : SLICE, slice, NULL);
}

static void
as_data_set(const char *path)
{
	float pixels[3 * 8 * 8];
	struct status st = {0};
	struct dataset *data = dataset_open(path, &st);
	int label;

	if (!data)
		fuzz_refused(&st);
	else if (!dataset_get(data, 0, fuzz_digits(), pixels, &label, &st))
		fuzz_refused(&st);
	dataset_close(data);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path = fuzz_write("f.safetensors", data, size);
	struct status st = {0};
	struct safetensors *file = safetensors_open(path, &st);

	if (!file)
		fuzz_refused(&st);
	for (int i = 0; file && i < safetensors_count(file); i++) {
		const struct st_tensor *t = safetensors_at(file, i);

		fuzz_check(safetensors_find(file, t->name) == t, "a tensor is found by its name");
		read_all(t);
	}
	safetensors_close(file);
	as_data_set(path);
	return 0;
}
