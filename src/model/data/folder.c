/* Folders of pictures: class folders (their order by name is the class index), or
 * pictures without classes. Class folders that are called by synsets get their names
 * (dataset_pictures.h). */
#include "model/data/pictures.h"

#include <string.h>

static bool
folder_knows(const char *path, bool folder)
{
	(void)path;
	return folder;
}

/* A class folder without pictures keeps its index, so that classes stay those of the model. */
static bool
visit_class(struct dataset *data, const char *name, const char *path, const struct stat *info, int label, struct status *st)
{
	(void)path;
	(void)label;
	return !S_ISDIR(info->st_mode) ||
	       (pictures_class(data, name, st) && pictures_each(data, name, pictures_visit, data->classes - 1, st));
}

static bool
name_classes(struct dataset *data, struct status *st)
{
	struct synsets synsets;

	if (!synsets_read(&synsets, data, data->path, st))
		return false;
	for (int i = 0; i < data->classes; i++) {
		const char *name = synsets_name(&synsets, data->names[i]);

		data->names[i] = name ? name : data->names[i];
	}
	return true;
}

static bool
folder_open(struct dataset *data, struct status *st)
{
	bool ok = pictures_begin(data, st) && pictures_each(data, "", visit_class, 0, st);

	if (ok && data->count == 0) {
		data->classes = 0;
		data->names = NULL;
		ok = pictures_each(data, "", pictures_visit, -1, st);
	}
	if (!ok)
		return false;
	pictures_end(data);
	if (data->count == 0)
		return status_fail(
		    st, STATUS_DATA,
		    "%s: no pictures here; a data set is a folder of .jpg or .png files, or of one folder of them per class",
		    data->path);
	return name_classes(data, st);
}

const struct dataset_kind dataset_folder = {folder_knows, folder_open, dataset_pictures_get, dataset_pictures_close, NULL};
