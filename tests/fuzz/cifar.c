/* Class names up to a byte 0, then a batch; the first byte says of which form, and whether
 * the batch is filled up to whole records. */
#include "tests/fuzz/support/fuzz.h"

#include "model/data/dataset.h"

#include <stdlib.h>
#include <string.h>

enum { RECORD_10 = 3073, RECORD_100 = 3074 };

static void
open_folder(const char *folder)
{
	float pixels[3 * 8 * 8];
	struct status st = {0};
	struct dataset *data = dataset_open(folder, &st);
	int label;

	if (!data) {
		fuzz_refused(&st);
		return;
	}
	for (int i = 0; i < dataset_count(data) && i < 4; i++) {
		if (!dataset_get(data, i, fuzz_digits(), pixels, &label, &st))
			fuzz_refused(&st);
		else if (label >= 0)
			fuzz_check(label < dataset_classes(data), "a label is a class");
	}
	dataset_close(data);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool hundred = size > 0 && (data[0] & 1), fill = size > 0 && (data[0] & 2);
	struct fuzz_parts parts = {data + (size > 0), size - (size > 0)};
	char *names = fuzz_text(&parts);
	size_t record = hundred ? RECORD_100 : RECORD_10, whole = (parts.left + record - 1) / record * record;
	uint8_t *batch = calloc(1, whole + 1);

	fuzz_check(batch != NULL, "memory for the batch");
	if (parts.left > 0)
		memcpy(batch, parts.at, parts.left);
	if (hundred) {
		fuzz_write("cifar-100/fine_label_names.txt", names, strlen(names));
		fuzz_write("cifar-100/test.bin", batch, fill ? whole : parts.left);
	} else {
		fuzz_write("cifar-10/batches.meta.txt", names, strlen(names));
		fuzz_write("cifar-10/test_batch.bin", batch, fill ? whole : parts.left);
	}
	open_folder(fuzz_path(hundred ? "cifar-100" : "cifar-10"));
	free(batch);
	free(names);
	return 0;
}
