/* An .npz archive. */
#include "tests/fuzz/support/fuzz.h"

#include "model/data/dataset.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	float pixels[3 * 8 * 8];
	struct status st = {0};
	struct dataset *set = dataset_open(fuzz_write("set.npz", data, size), &st);

	if (!set)
		fuzz_refused(&st);
	for (int i = 0; set && i < dataset_count(set) && i < 4; i++)
		if (!dataset_get(set, i, fuzz_digits(), pixels, NULL, &st))
			fuzz_refused(&st);
	dataset_close(set);
	return 0;
}
