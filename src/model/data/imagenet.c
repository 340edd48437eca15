/* ImageNet's validation pictures in one folder, with a file that tells their classes:
 *
 *	val.txt, labels.txt		a picture's name and its class index, from 0; or the class
 *					indices alone, in the order of the pictures' names
 *	LOC_val_solution.csv		"ILSVRC2012_val_00000001,n01751748 111 108 ...", and such lines of a
 *					name and a synset in the files above; the class index is the synset's
 *					place in order of its name
 *
 * in the folder, or beside it. (Pictures in a folder per class are dataset_folder.c's.) */
#include "base/lines.h"
#include "base/text.h"
#include "model/data/pictures.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CLASSES_MAX = 1 << 20 };

static const char *const label_files[] = {"val.txt", "labels.txt", "LOC_val_solution.csv"};
static const char devkit[] = "ILSVRC2012_validation_ground_truth.txt";
static const char official[] = "ILSVRC2012_val_";

/* What a line says of a picture. */
struct tag {
	const char *picture; /* without its ending; NULL: the next one */
	const char *synset;  /* NULL: the index is given */
	int label;
};

struct tags {
	struct tag *list; /* [count] sorted by picture when they have one */
	int count;
	bool numbered; /* they have none */
	const char *path;
};

/* 1: pictures that are called as ImageNet's are among the entries, 0: others are, -1: none. */
static int
look_at_pictures(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	int found = -1;

	while (dir && found < 1 && (entry = readdir(dir)))
		if (pictures_named(entry->d_name) && entry->d_name[0] != '.')
			found = strncmp(entry->d_name, official, strlen(official)) == 0;
	if (dir)
		closedir(dir);
	return found;
}

/* The file of labels in folder or, for pictures with official names, beside it; the caller frees. */
static char *
find_labels(const char *folder, int pictures)
{
	for (size_t i = 0; i < sizeof(label_files) / sizeof(*label_files); i++)
		if (folder_has(folder, label_files[i]))
			return text_format("%s/%s", folder, label_files[i]);
	for (size_t i = 0; pictures == 1 && i < sizeof(label_files) / sizeof(*label_files); i++) {
		char *path = text_format("%s/../%s", folder, label_files[i]);

		if (path && access(path, F_OK) == 0)
			return path;
		free(path);
	}
	return NULL;
}

static bool
imagenet_knows(const char *path, bool folder)
{
	int pictures = folder ? look_at_pictures(path) : -1;
	char *labels = pictures >= 0 ? find_labels(path, pictures) : NULL;
	bool known = labels || (pictures == 1 &&
				(folder_has(path, devkit) || folder_has(path, "../ILSVRC2012_validation_ground_truth.txt")));

	free(labels);
	return known;
}

/* A name without its folder and ending. */
static const char *
bare_name(char *name)
{
	char *slash = strrchr(name, '/'), *dot;

	name = slash ? slash + 1 : name;
	dot = strrchr(name, '.');
	if (dot && pictures_named(name))
		*dot = '\0';
	return name;
}

static bool
read_index(const char *text, int *label)
{
	char *end;
	long value = strtol(text, &end, 10);

	*label = (int)value;
	return end != text && !*end && value >= 0 && value < CLASSES_MAX;
}

/* "NAME LABEL ..." or "LABEL", separated by blanks, tabs or commas. False: neither. */
static bool
read_tag(char *line, struct tag *tag)
{
	static const char between[] = " \t,";
	char *rest = line, *first = strsep(&rest, between), *second;

	if (rest)
		rest += strspn(rest, between);
	second = rest && *rest ? strsep(&rest, between) : NULL;
	*tag = (struct tag){0};
	if (!second)
		return read_index(first, &tag->label);
	tag->picture = bare_name(first);
	if (read_index(second, &tag->label))
		return true;
	tag->synset = second;
	return second[0] == 'n' && second[1] >= '0' && second[1] <= '9';
}

static int
by_picture(const void *a, const void *b)
{
	return strcmp(((const struct tag *)a)->picture, ((const struct tag *)b)->picture);
}

static bool
read_tags(struct tags *tags, struct dataset *data, const char *path, struct status *st)
{
	struct lines lines;

	if (!lines_read(&lines, path, data->arena, st))
		return false;
	tags->path = path;
	tags->list = arena_alloc(data->arena, ((size_t)lines.count + 1) * sizeof(*tags->list));
	if (!tags->list)
		return status_nomem(st, path);
	for (int i = 0; i < lines.count; i++) {
		struct tag *tag = &tags->list[tags->count];
		bool head = i == 0 && strncmp(lines.text[i], "ImageId", 7) == 0;

		if (!lines.text[i][strspn(lines.text[i], " \t")] || head)
			continue;
		if (!read_tag(lines.text[i], tag) || (tags->count > 0 && !tag->picture != tags->numbered))
			return status_fail(st, STATUS_DATA,
					   "%s: line %d is not a picture's name and its class (an index from 0, or a synset)",
					   path, i + 1);
		tags->numbered = !tag->picture;
		tags->count++;
	}
	if (!tags->numbered)
		qsort(tags->list, (size_t)tags->count, sizeof(*tags->list), by_picture);
	return true;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Synsets become indices by the order of their names; the classes get names. */
static bool
number_synsets(struct tags *tags, struct dataset *data, const struct synsets *known, struct status *st)
{
	const char **id = arena_alloc(data->arena, ((size_t)tags->count + (size_t)known->count + 1) * sizeof(*id));
	int n = 0, distinct = 0;

	if (!id)
		return status_nomem(st, tags->path);
	for (int i = 0; i < tags->count; i++)
		if (tags->list[i].synset)
			id[n++] = tags->list[i].synset;
	/* A list of just ImageNet's classes counts also those of which no picture is here; one of all of WordNet does not. */
	for (int i = 0; n > 0 && known->count <= 1000 && i < known->count; i++)
		id[n++] = known->list[i].id;
	qsort(id, (size_t)n, sizeof(*id), by_text);
	for (int i = 0; i < n; i++)
		if (i == 0 || strcmp(id[i], id[distinct - 1]) != 0)
			id[distinct++] = id[i];
	for (int i = 0; i < distinct; i++) {
		const char *name = synsets_name(known, id[i]);

		if (!pictures_class(data, name ? name : id[i], st))
			return false;
	}
	for (int i = 0; i < tags->count; i++)
		if (tags->list[i].synset)
			tags->list[i].label =
			    (int)((const char **)bsearch(&tags->list[i].synset, id, (size_t)distinct, sizeof(*id), by_text) - id);
	return true;
}

/* The classes of a file of indices: as many as the largest wants, or as a list of just so many synsets has. */
static bool
number_indices(const struct tags *tags, struct dataset *data, const struct synsets *known, struct status *st)
{
	int classes = 0;

	for (int i = 0; i < tags->count; i++)
		classes = tags->list[i].label >= classes ? tags->list[i].label + 1 : classes;
	if (classes > known->count || known->count > 1000) {
		data->classes = classes;
		return true;
	}
	for (int i = 0; i < known->count; i++)
		if (!pictures_class(data, known->list[i].name, st))
			return false;
	return true;
}

static bool
name_classes(struct tags *tags, struct dataset *data, struct status *st)
{
	struct synsets known;
	bool by_synset = tags->count > 0 && tags->list[0].synset;

	for (int i = 1; i < tags->count; i++)
		if (!tags->list[i].synset == by_synset)
			return status_fail(st, STATUS_DATA, "%s: some classes are indices, some synsets", tags->path);
	return synsets_read(&known, data, data->path, st) &&
	       (by_synset ? number_synsets(tags, data, &known, st) : number_indices(tags, data, &known, st));
}

/* The tag of picture `index`; NULL: none. */
static const struct tag *
find_tag(const struct tags *tags, const char *path, int index)
{
	const char *slash = strrchr(path, '/');
	char *name = strdup(slash ? slash + 1 : path);
	struct tag key = {0}, *found = NULL;

	if (tags->numbered) {
		found = index < tags->count ? &tags->list[index] : NULL;
	} else if (name && tags->count > 0) {
		key.picture = bare_name(name);
		found = bsearch(&key, tags->list, (size_t)tags->count, sizeof(key), by_picture);
	}
	free(name);
	return found;
}

static bool
label_pictures(const struct tags *tags, struct dataset *data, struct status *st)
{
	if (tags->numbered && tags->count != data->count)
		return status_fail(st, STATUS_DATA, "%s: %d classes for %d pictures", tags->path, tags->count, data->count);
	for (int i = 0; i < data->count; i++) {
		const char *path = pictures_path(data, i);
		const struct tag *tag = find_tag(tags, path, i);

		if (!tag)
			return status_fail(st, STATUS_DATA, "%s: no class is given for %s", tags->path, path);
		pictures_label(data, i, tag->label);
	}
	return true;
}

static bool
imagenet_open(struct dataset *data, struct status *st)
{
	char *found = find_labels(data->path, look_at_pictures(data->path));
	const char *path = found ? arena_strdup(data->arena, found) : NULL;
	struct tags tags = {0};

	free(found);
	if (!path)
		return status_fail(
		    st, STATUS_DATA,
		    "%s: %s numbers classes in an order of its own, which no model uses; put val.txt (name and class "
		    "index) or LOC_val_solution.csv here",
		    data->path, devkit);
	if (!pictures_begin(data, st) || !pictures_each(data, "", pictures_visit, -1, st) || !read_tags(&tags, data, path, st) ||
	    !name_classes(&tags, data, st) || !label_pictures(&tags, data, st))
		return false;
	pictures_hash_labels(data);
	pictures_end(data);
	return true;
}

const struct dataset_kind dataset_imagenet = {imagenet_knows, imagenet_open, dataset_pictures_get, dataset_pictures_close, NULL};
