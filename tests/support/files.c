#include "tests/support/files.h"

#include "tests/support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

int
files_setup(void **state)
{
	scratch_make();
	*state = strdup(scratch_folder());
	return *state ? 0 : -1;
}

int
files_teardown(void **state)
{
	free(*state);
	scratch_remove();
	return 0;
}

char *
files_path(const char *folder, const char *name)
{
	size_t size = strlen(folder) + strlen(name) + 2;
	char *path = malloc(size);

	assert_non_null(path);
	snprintf(path, size, "%s/%s", folder, name);
	return path;
}

char *
files_write(const char *folder, const char *name, const void *data, size_t size)
{
	char *path = files_path(folder, name);
	FILE *file;

	for (char *slash = path + strlen(folder) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(path, 0777);
		*slash = '/';
	}
	file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
	return path;
}

void *
files_read(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	char *data;
	long length;

	if (!file)
		fail_msg("%s: cannot be read; run tests from the repository's root", path);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	length = ftell(file);
	assert_true(length >= 0);
	rewind(file);
	data = malloc((size_t)length + 1);
	assert_non_null(data);
	*size = fread(data, 1, (size_t)length, file);
	data[*size] = '\0';
	fclose(file);
	return data;
}
