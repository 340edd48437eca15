#include "base/text.h"
#include "db/store_internal.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The first line of a small file; false when it cannot be read. */
static bool
first_line(const char *path, char *out, size_t size)
{
	FILE *f = fopen(path, "re");
	bool ok = f && fgets(out, (int)size, f);

	if (f)
		fclose(f);
	if (ok)
		out[strcspn(out, "\n")] = '\0';
	return ok;
}

/* State and start time (fields 3 and 22 of proc(5)'s stat). The command's name comes
 * before them in parentheses and may hold anything, parentheses included. */
static bool
stat_fields(int64_t pid, char *state, unsigned long long *start)
{
	char path[64], line[1024];
	const char *after;

	snprintf(path, sizeof(path), "/proc/%lld/stat", (long long)pid);
	if (!first_line(path, line, sizeof(line)) || !(after = strrchr(line, ')')))
		return false;
	return sscanf(after + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu", state,
		      start) == 2;
}

void
process_start_of(int64_t pid, char *out, size_t size)
{
	unsigned long long start;
	char state, boot[64] = "";

	out[0] = '\0';
	if (!stat_fields(pid, &state, &start) || state == 'Z' || state == 'X')
		return;
	/* Start times count from the boot, so the boot is part of the name. */
	first_line("/proc/sys/kernel/random/boot_id", boot, sizeof(boot));
	snprintf(out, size, "%llu@%s", start, boot);
}

bool
process_gone(int64_t pid, const char *start)
{
	char now[96];

	if (pid <= 0 || pid > INT32_MAX)
		return true;
	process_start_of(pid, now, sizeof(now));
	if (now[0] && start[0])
		return strcmp(now, start) != 0;
	if (start[0])
		return true; /* we read it once, so /proc would show it */
	return kill((pid_t)pid, 0) != 0 && errno == ESRCH;
}

/* The process that has locked the file with this inode for writing; 0: none that can be seen. */
static pid_t
lock_holder(ino_t inode)
{
	FILE *f = fopen("/proc/locks", "re");
	unsigned long long found;
	char line[256], kind[8];
	int pid, holder = 0;

	while (f && !holder && fgets(line, sizeof(line), f))
		if (sscanf(line, "%*d: %*s %*s %7s %d %*x:%*x:%llu", kind, &pid, &found) == 3 && strcmp(kind, "WRITE") == 0 &&
		    found == inode && pid != getpid())
			holder = pid;
	if (f)
		fclose(f);
	return holder;
}

void
process_writing(const char *path, char *out, size_t size)
{
	char name[64] = "", place[64], *shared = text_format("%s-shm", path);
	struct stat info;
	pid_t pid = 0;

	if (shared && stat(shared, &info) == 0)
		pid = lock_holder(info.st_ino);
	if (!pid && stat(path, &info) == 0)
		pid = lock_holder(info.st_ino);
	free(shared);
	snprintf(place, sizeof(place), "/proc/%ld/comm", (long)pid);
	if (pid <= 0)
		snprintf(out, size, "another program");
	else if (first_line(place, name, sizeof(name)))
		snprintf(out, size, "process %ld (%s)", (long)pid, name);
	else
		snprintf(out, size, "process %ld", (long)pid);
}
