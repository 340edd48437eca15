#include "tests/fuzz/support/fuzz.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[200];

static int
remove_one(const char *path, const struct stat *info, int kind, struct FTW *at)
{
	(void)info;
	(void)kind;
	(void)at;
	return remove(path);
}

static void
remove_folder(void)
{
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *
fuzz_folder(void)
{
	const char *tmp = getenv("TMPDIR");

	if (folder[0])
		return folder;
	snprintf(folder, sizeof(folder), "%s/spikescope-fuzz-XXXXXX", tmp && *tmp == '/' ? tmp : "/tmp");
	fuzz_check(mkdtemp(folder) != NULL, folder);
	atexit(remove_folder);
	return folder;
}

const char *
fuzz_path(const char *name)
{
	static char path[8][512];
	static int turn;
	char *out = path[turn++ % 8];

	snprintf(out, sizeof(path[0]), "%s/%s", fuzz_folder(), name);
	return out;
}

static void
make_folders(const char *path)
{
	char part[512];

	for (const char *slash = strchr(path + strlen(fuzz_folder()) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		mkdir(part, 0777);
	}
}

const char *
fuzz_write(const char *name, const void *data, size_t size)
{
	const char *path = fuzz_path(name);
	FILE *file = fopen(path, "wb");

	if (!file && errno == ENOENT) {
		make_folders(path);
		file = fopen(path, "wb");
	}
	fuzz_check(file && (size == 0 || fwrite(data, 1, size, file) == size) && fclose(file) == 0, path);
	return path;
}

void
fuzz_link(const char *name, const char *target)
{
	const char *path = fuzz_path(name);
	char whole[PATH_MAX];

	fuzz_check(realpath(target, whole) != NULL, target);
	make_folders(path);
	fuzz_check(symlink(whole, path) == 0 || errno == EEXIST, path);
}

void
fuzz_unlink(const char *name)
{
	unlink(fuzz_path(name));
}

char *
fuzz_text(struct fuzz_parts *parts)
{
	const uint8_t *end = parts->left ? memchr(parts->at, 0, parts->left) : NULL;
	size_t size = end ? (size_t)(end - parts->at) : parts->left, skip = size + (end != NULL);
	char *text = malloc(size + 1);

	fuzz_check(text != NULL, "memory for the input");
	if (size > 0)
		memcpy(text, parts->at, size);
	text[size] = '\0';
	parts->at += skip;
	parts->left -= skip;
	return text;
}

void
fuzz_check(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "does not hold: %s\n", what);
	abort();
}

void
fuzz_refused(struct status *st)
{
	fuzz_check(st->code != STATUS_OK, "a refusal has a code");
	fuzz_check(st->message[0] != '\0', "a refusal says why");
	for (const char *c = st->message; *c; c++)
		fuzz_check((unsigned char)*c >= 0x20 && *c != 0x7f, st->message);
	status_clear(st);
}

const struct model *
fuzz_digits(void)
{
	static struct model *model;
	struct status st = {0};

	if (!model)
		model = model_load("examples/digits-vit", &st);
	fuzz_check(model != NULL, st.message);
	return model;
}
