#include "base/json.h"

#include "base/file.h"

#include <stdlib.h>

json_t *
json_parse(const char *name, const char *text, size_t size, size_t flags, struct status *st)
{
	json_error_t error;
	json_t *value = json_loadb(text, size, flags, &error);

	if (!value && json_error_code(&error) == json_error_out_of_memory)
		status_nomem(st, name);
	else if (!value)
		status_fail(st, STATUS_DATA, "%s: not valid JSON: line %d: %.120s", name, error.line, error.text);
	return value;
}

json_t *
json_read(const char *path, size_t flags, struct status *st)
{
	size_t size;
	char *text = file_read(path, FILE_TEXT_MAX, &size, st);
	json_t *value = text ? json_parse(path, text, size, flags, st) : NULL;

	free(text);
	return value;
}
