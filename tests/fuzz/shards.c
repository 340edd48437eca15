/* A model.safetensors.index.json beside two shards. */
#include "tests/fuzz/support/fuzz.h"

#include "model/files/safetensors.h"

static void
make_shards(void)
{
	static const float one[6] = {1, 2, 3, 4, 5, 6};
	const struct st_out a[] = {{"w", 1, {6}, one}, {"b", 2, {2, 3}, one}}, c[] = {{"c", 1, {1}, one}};
	static bool made;
	struct status st = {0};

	if (made)
		return;
	fuzz_check(safetensors_write(fuzz_path("a.safetensors"), a, 2, true, &st), st.message);
	fuzz_check(safetensors_write(fuzz_path("c.safetensors"), c, 1, true, &st), st.message);
	made = true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct status st = {0};
	struct safetensors *file;
	float value;

	make_shards();
	fuzz_write("model.safetensors.index.json", data, size);
	file = safetensors_open(fuzz_folder(), &st);
	if (!file)
		fuzz_refused(&st);
	for (int i = 0; file && i < safetensors_count(file); i++)
		if (safetensors_at(file, i)->count > 0)
			safetensors_read(safetensors_at(file, i), 0, 1, &value, NULL);
	safetensors_close(file);
	return 0;
}
