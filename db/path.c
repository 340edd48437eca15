#include "base/text.h"
#include "db/store_internal.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Makes every folder of path up to its last slash, for the user alone. */
static bool
make_folders(char *path, struct status *st)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0700) != 0 && errno != EEXIST) {
			status_fail(st, STATUS_DATA,
				    "%s: cannot make this folder: %s; name a database with --db FILE or use --db :memory:", path,
				    strerror(errno));
			*slash = '/';
			return false;
		}
		*slash = '/';
	}
	return true;
}

/* XDG base directories: a relative $XDG_DATA_HOME is to be ignored. */
static char *
default_path(struct status *st)
{
	const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
	const struct passwd *user;
	char *path;

	if ((!home || home[0] != '/') && (user = getpwuid(getuid())))
		home = user->pw_dir;
	if (data && data[0] == '/')
		path = text_format("%s/spikescope/spikescope.db", data);
	else if (home && home[0] == '/')
		path = text_format("%s/.local/share/spikescope/spikescope.db", home);
	else {
		status_fail(st, STATUS_DATA, "no home folder for the database; set HOME or use --db FILE or --db :memory:");
		return NULL;
	}
	if (!path) {
		status_nomem(st, "a path");
		return NULL;
	}
	if (!make_folders(path, st)) {
		free(path);
		return NULL;
	}
	return path;
}

/* Absolute, so that it holds when the working folder changes, and so that SQLite does
 * not read "file:..." or "" as something else. */
static char *
absolute_path(const char *path, struct status *st)
{
	char *cwd = NULL, *whole;

	if (path[0] != '/' && !(cwd = getcwd(NULL, 0))) {
		status_fail(st, STATUS_DATA, "%s: the working folder is gone: %s; name the database by its whole path", path,
			    strerror(errno));
		return NULL;
	}
	whole = cwd ? text_format("%s/%s", cwd, path) : text_format("%s", path);
	if (!whole)
		status_nomem(st, "a path");
	free(cwd);
	return whole;
}

/* SQLite's own messages for these are all "unable to open database file". */
static bool
check_place(const char *path, struct status *st)
{
	const char *slash = strrchr(path, '/');
	struct stat s;
	char *folder;
	bool ok;

	if (stat(path, &s) == 0) {
		if (S_ISREG(s.st_mode))
			return true;
		return status_fail(st, STATUS_DATA, "%s: this is %s, not a database; name a file with --db FILE", path,
				   S_ISDIR(s.st_mode) ? "a folder" : "not a plain file");
	}
	if (errno != ENOENT)
		return status_fail(st, STATUS_DATA,
				   "%s: cannot open it: %s; name another file with --db FILE or use --db :memory:", path,
				   strerror(errno));
	folder = strndup(path, slash == path ? 1 : (size_t)(slash - path));
	if (!folder)
		return status_nomem(st, "a path");
	ok = (stat(folder, &s) == 0 && S_ISDIR(s.st_mode)) ||
	     status_fail(st, STATUS_DATA, "%s: there is no folder %s; make it or name another file with --db FILE", path, folder);
	free(folder);
	return ok;
}

char *
store_find(const char *path, struct status *st)
{
	char *whole;

	if (path && !path[0]) {
		status_fail(st, STATUS_DATA, "the database's name is empty; name a file with --db FILE or use --db :memory:");
		return NULL;
	}
	whole = path ? absolute_path(path, st) : default_path(st);
	if (whole && !check_place(whole, st)) {
		free(whole);
		return NULL;
	}
	return whole;
}
