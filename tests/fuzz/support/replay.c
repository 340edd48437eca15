/* Gives a target every file of the folders (or the files) of the command line. */
#include "tests/fuzz/support/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int inputs;

static void
replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data;
	long size = 0;

	fuzz_check(file && fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) >= 0, path);
	rewind(file);
	/* No byte more than there is, so that reading past the end is seen. */
	data = malloc((size_t)size + (size == 0));
	fuzz_check(data && fread(data, 1, (size_t)size, file) == (size_t)size, path);
	fclose(file);
	fprintf(stderr, "%s\n", path);
	LLVMFuzzerTestOneInput(data, (size_t)size);
	free(data);
	inputs++;
}

static void
replay(const char *path)
{
	struct dirent **entry;
	int count = scandir(path, &entry, NULL, alphasort);
	char name[512];

	if (count < 0)
		replay_file(path);
	for (int i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "%s/%s", path, entry[i]->d_name);
		if (entry[i]->d_name[0] != '.')
			replay_file(name);
		free(entry[i]);
	}
	if (count >= 0)
		free(entry);
}

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	printf("%d inputs\n", inputs);
	return inputs > 0 ? 0 : 1;
}
