/* A pair of .npy files: two bytes say how long the first one is. */
#include "tests/fuzz/support/fuzz.h"

#include "model/data/dataset.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t first = size < 2 ? 0 : (size_t)data[0] + 256 * (size_t)data[1], rest = size < 2 ? 0 : size - 2;
	float pixels[3 * 8 * 8];
	struct status st = {0};
	struct dataset *set;

	if (size < 2)
		return 0;
	if (first > rest)
		first = rest;
	fuzz_write("set/data.npy", data + 2, first);
	fuzz_write("set/labels.npy", data + 2 + first, rest - first);
	set = dataset_open(fuzz_path("set"), &st);
	if (!set)
		fuzz_refused(&st);
	for (int i = 0; set && i < dataset_count(set) && i < 4; i++)
		if (!dataset_get(set, i, fuzz_digits(), pixels, NULL, &st))
			fuzz_refused(&st);
	dataset_close(set);
	return 0;
}
