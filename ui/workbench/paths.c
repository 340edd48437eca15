#include "ui/workbench/paths.h"

#include "base/text.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *
user_file(const char *variable, const char *otherwise, const char *name)
{
	const char *base = getenv(variable), *home = getenv("HOME");

	if (base && base[0] == '/')
		return text_format("%s/spikescope/%s", base, name);
	return home && home[0] == '/' ? text_format("%s/%s/spikescope/%s", home, otherwise, name) : NULL;
}

char *
path_config(void)
{
	return user_file("XDG_CONFIG_HOME", ".config", "config");
}

char *
path_history(void)
{
	return user_file("XDG_STATE_HOME", ".local/state", "history");
}

/* The home that a ~ followed by n bytes of a user's name stands for; NULL: nobody's. */
static const char *
home_of(const char *user, size_t n)
{
	const char *home = getenv("HOME");
	const struct passwd *entry;
	char name[64];

	if (n == 0 && home && *home)
		return home;
	if (n >= sizeof(name))
		return NULL;
	memcpy(name, user, n);
	name[n] = '\0';
	entry = n == 0 ? getpwuid(getuid()) : getpwnam(name);
	return entry ? entry->pw_dir : NULL;
}

char *
path_expand(const char *path)
{
	size_t n = path[0] == '~' ? strcspn(path + 1, "/") : 0;
	const char *home = path[0] == '~' ? home_of(path + 1, n) : NULL;

	return home ? text_format("%s%s", home, path + 1 + n) : strdup(path);
}

bool
path_make_parents(const char *file)
{
	char *path = strdup(file);
	bool ok = path != NULL;

	for (char *slash = path ? strchr(path + 1, '/') : NULL; ok && slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		ok = mkdir(path, 0700) == 0 || errno == EEXIST;
		*slash = '/';
	}
	free(path);
	return ok;
}

char *
path_example(const char *name)
{
	static const char *const places[] = {"../examples", "../../examples", "../share/spikescope/examples", NULL};
	char program[PATH_MAX], *slash;
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);

	if (n <= 0)
		return NULL;
	program[n] = '\0';
	slash = strrchr(program, '/');
	if (!slash)
		return NULL;
	*slash = '\0';
	for (int i = 0; places[i]; i++) {
		char *path = text_format("%s/%s/%s", program, places[i], name);
		char *real = path ? realpath(path, NULL) : NULL;

		free(path);
		if (real)
			return real;
	}
	return NULL;
}
