#include "model/source.h"

#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { HUB_NAME_MAX = 96 };

/* The length of a word as the hub's names have them. */
static size_t
hub_word(const char *text)
{
	size_t n = 0;

	while (isalnum((unsigned char)text[n]) || (n > 0 && text[n] && strchr("._-", text[n])))
		n++;
	return n <= HUB_NAME_MAX ? n : 0;
}

/* OWNER/NAME at the beginning of text; NULL when there is none. *length: its length. */
static const char *
hub_name(const char *text, size_t *length)
{
	size_t owner = hub_word(text), name = owner && text[owner] == '/' ? hub_word(text + owner + 1) : 0;

	*length = owner + 1 + name;
	return name ? text + owner + 1 : NULL;
}

static bool
refuse_absent(const char *path, struct status *st)
{
	static const char hub[] = "huggingface.co/";
	const char *address = strstr(path, "://"), *found = strstr(path, hub),
		   *whole = address && found ? found + sizeof(hub) - 1 : path;
	size_t length;
	const char *name = hub_name(whole, &length);

	if (name && (whole != path || path[length] == 0))
		return status_fail(st, STATUS_DATA,
				   "%s: no such folder; models are not fetched from here: hf download %.*s --local-dir %.*s, "
				   "then load %.*s",
				   path, (int)length, whole, (int)(whole + length - name), name, (int)(whole + length - name),
				   name);
	if (address)
		return status_fail(st, STATUS_DATA,
				   "%s: an address; fetch the model's folder (config.json and weights), then load the folder",
				   path);
	return status_fail(st, STATUS_DATA, "%s: %s; give a model's folder (config.json and weights; `help load`)", path,
			   strerror(errno));
}

/* A file stands for its folder: FILE alone is in ".". */
static bool
split(struct source *source, const char *path, struct status *st)
{
	const char *slash = strrchr(path, '/');

	source->weights = strdup(path);
	source->folder = slash == path ? strdup("/") : slash ? strndup(path, (size_t)(slash - path)) : strdup(".");
	return (source->weights && source->folder) || status_nomem(st, "a path");
}

bool
source_find(struct source *source, const char *path, struct status *st)
{
	struct stat info;

	*source = (struct source){0};
	if (stat(path, &info) != 0)
		return refuse_absent(path, st);
	if (S_ISREG(info.st_mode))
		return split(source, path, st);
	source->folder = strdup(path);
	return source->folder || status_nomem(st, "a path");
}

void
source_done(struct source *source)
{
	free(source->folder);
	free(source->weights);
	*source = (struct source){0};
}
