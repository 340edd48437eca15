/* Names of ImageNet's classes. */
#include "base/lines.h"
#include "base/text.h"
#include "model/data/pictures.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const files[] = {"synset_words.txt", "LOC_synset_mapping.txt", "words.txt"};

static int
by_id(const void *a, const void *b)
{
	return strcmp(((const struct synset *)a)->id, ((const struct synset *)b)->id);
}

/* "n01440764 tench, Tinca tinca", or with a tab between: of the names the first one. */
static bool
read_line(struct synsets *synsets, struct dataset *data, char *line, struct status *st)
{
	char *name = line + strcspn(line, " \t");

	if (name == line || !*name)
		return true;
	*name++ = '\0';
	name += strspn(name, " \t");
	name[strcspn(name, ",")] = '\0';
	synsets->list[synsets->count].id = line;
	synsets->list[synsets->count].name = dataset_name(data, name, st);
	return synsets->list[synsets->count++].name != NULL;
}

static bool
read_file(struct synsets *synsets, struct dataset *data, const char *path, struct status *st)
{
	struct lines lines;
	bool ok = lines_read(&lines, path, data->arena, st);

	if (!ok)
		return false;
	synsets->list = arena_alloc(data->arena, ((size_t)lines.count + 1) * sizeof(*synsets->list));
	ok = synsets->list || status_nomem(st, path);
	for (int i = 0; ok && i < lines.count; i++)
		ok = read_line(synsets, data, lines.text[i], st);
	if (ok)
		qsort(synsets->list, (size_t)synsets->count, sizeof(*synsets->list), by_id);
	return ok;
}

bool
synsets_read(struct synsets *synsets, struct dataset *data, const char *folder, struct status *st)
{
	bool ok = true, found = false;

	*synsets = (struct synsets){0};
	for (size_t i = 0; ok && !found && i < 2 * sizeof(files) / sizeof(*files); i++) {
		char *path = text_format("%s%s/%s", folder, i % 2 ? "/.." : "", files[i / 2]);

		if (!path)
			return status_nomem(st, folder);
		found = access(path, F_OK) == 0;
		if (found)
			ok = read_file(synsets, data, path, st);
		free(path);
	}
	return ok;
}

const char *
synsets_name(const struct synsets *synsets, const char *id)
{
	struct synset key = {.id = id}, *found = NULL;

	if (synsets->count > 0)
		found = bsearch(&key, synsets->list, (size_t)synsets->count, sizeof(key), by_id);
	return found ? found->name : NULL;
}
