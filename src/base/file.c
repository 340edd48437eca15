#include "base/file.h"

#include "base/text.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- reading -------------------------------------------------------------- */

static bool
check_kind(const char *path, const struct stat *info, size_t most, struct status *st)
{
	if (!S_ISREG(info->st_mode))
		return status_fail(st, STATUS_DATA, "%s: this is a %s, not a file", path,
				   S_ISDIR(info->st_mode)    ? "folder"
				   : S_ISFIFO(info->st_mode) ? "pipe"
							     : "device");
	return most == 0 || info->st_size <= (off_t)most ||
	       status_fail(st, STATUS_DATA, "%s: larger than the %zu MB that are read of such a file", path, most >> 20);
}

int
file_open_fd(const char *path, size_t most, struct status *st)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat info;

	if (fd < 0 || fstat(fd, &info) != 0)
		status_fail(st, STATUS_DATA, "%s: %s", path, strerror(errno));
	else if (check_kind(path, &info, most, st))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

FILE *
file_open(const char *path, size_t most, struct status *st)
{
	int fd = file_open_fd(path, most, st);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

	if (fd >= 0 && !file) {
		close(fd);
		status_nomem(st, path);
	}
	return file;
}

/* A file may have grown since its size was asked for, and those of /proc say 0. */
static char *
read_to_end(FILE *file, size_t most, size_t *size)
{
	size_t room = 0, used = 0;
	char *bytes = NULL;

	for (size_t got = 1; got > 0; used += got) {
		if (room - used < 2) {
			size_t more = room ? 2 * room : 1 << 16;
			char *wider = realloc(bytes, more);

			if (!wider) {
				free(bytes);
				return NULL;
			}
			bytes = wider;
			room = more;
		}
		got = fread(bytes + used, 1, room - used - 1, file);
		if (used + got > most)
			errno = EFBIG;
		if (used + got > most || (got == 0 && ferror(file))) {
			free(bytes);
			return NULL;
		}
	}
	bytes[used] = '\0';
	*size = used;
	return bytes;
}

char *
file_read(const char *path, size_t most, size_t *size, struct status *st)
{
	FILE *file = file_open(path, most, st);
	size_t used;
	char *bytes;

	if (!file)
		return NULL;
	errno = 0;
	bytes = read_to_end(file, most, &used);
	if (!bytes && (errno == 0 || errno == ENOMEM))
		status_nomem(st, path);
	else if (!bytes)
		status_fail(st, STATUS_DATA, "%s: %s", path, strerror(errno));
	else if (size)
		*size = used;
	fclose(file);
	return bytes;
}

/* --- writing -------------------------------------------------------------- */

static const char temp_end[] = ".part";
enum { RANDOM_LETTERS = 6 };

/* NAME.PID-XXXXXX.part of the file NAME, or a journal beside one: the PID, or 0. */
static pid_t
draft_owner(const char *entry, const char *name)
{
	size_t n = strlen(name);
	const char *at = entry + n + 1;
	char *end;
	long pid;

	if (strncmp(entry, name, n) != 0 || entry[n] != '.' || !isdigit((unsigned char)*at))
		return 0;
	pid = strtol(at, &end, 10);
	if (pid <= 0 || *end != '-' || strlen(end) < 1 + RANDOM_LETTERS)
		return 0;
	end += 1 + RANDOM_LETTERS;
	if (strncmp(end, temp_end, sizeof(temp_end) - 1) != 0)
		return 0;
	end += sizeof(temp_end) - 1;
	return *end == '\0' || strcmp(end, "-journal") == 0 ? (pid_t)pid : 0;
}

/* What programs that were killed have left beside path. */
static void
remove_orphans(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash ? strndup(path, (size_t)(slash + 1 - path)) : strdup(".");
	DIR *dir = folder ? opendir(folder) : NULL;

	free(folder);
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		pid_t owner = draft_owner(entry->d_name, slash ? slash + 1 : path);

		if (owner > 0 && kill(owner, 0) != 0 && errno == ESRCH)
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	if (dir)
		closedir(dir);
}

/* What a file made by fopen() would have. */
static mode_t
ordinary_mode(void)
{
	mode_t mask = umask(0);

	umask(mask);
	return 0666 & ~mask;
}

static void
draft_free(struct draft *draft)
{
	free(draft->path);
	free(draft->temp);
	*draft = (struct draft){0};
}

bool
draft_begin(struct draft *draft, const char *path, bool force, struct status *st)
{
	int fd;

	*draft = (struct draft){.force = force};
	if (!force && access(path, F_OK) == 0)
		return status_fail(st, STATUS_FAILED, "%s exists; choose another name, or say --force to replace it", path);
	remove_orphans(path);
	draft->path = strdup(path);
	draft->temp = text_format("%s.%ld-XXXXXX%s", path, (long)getpid(), temp_end);
	if (!draft->path || !draft->temp) {
		draft_free(draft);
		return status_nomem(st, "a file name");
	}
	fd = mkostemps(draft->temp, sizeof(temp_end) - 1, O_CLOEXEC);
	if (fd >= 0 && (fchmod(fd, ordinary_mode()) != 0 || !(draft->file = fdopen(fd, "w")))) {
		close(fd);
		unlink(draft->temp);
	}
	if (draft->file)
		return true;
	status_fail(st, STATUS_FAILED, "%s: cannot be written: %s", path, strerror(errno));
	draft_free(draft);
	return false;
}

/* Without force, not over what has appeared there meanwhile, where the file system can do that. */
static bool
move(const struct draft *draft)
{
	if (draft->force)
		return rename(draft->temp, draft->path) == 0;
	if (renameat2(AT_FDCWD, draft->temp, AT_FDCWD, draft->path, RENAME_NOREPLACE) == 0)
		return true;
	if (errno != EINVAL && errno != ENOSYS)
		return false;
	errno = EEXIST;
	return access(draft->path, F_OK) != 0 && rename(draft->temp, draft->path) == 0;
}

bool
draft_end(struct draft *draft, bool ok, struct status *st)
{
	bool written = !ferror(draft->file);

	errno = written ? 0 : errno;
	written = fclose(draft->file) == 0 && written;
	if (ok && !(written && move(draft)))
		ok = false;
	if (!ok) {
		status_fail(st, STATUS_FAILED, "%s: cannot be written%s%s", draft->path, errno ? ": " : "",
			    errno ? strerror(errno) : "");
		unlink(draft->temp);
	}
	draft_free(draft);
	return ok;
}
