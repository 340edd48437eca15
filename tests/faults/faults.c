#include "tests/faults/faults.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const fault_names[] = {"none", "memory", "json-memory", "sql-memory", "sql-read", "sql-write", "sql-sync"};

static enum fault failing;
static long left;
static bool keeps_failing, reached;

void __sanitizer_print_stack_trace(void) __attribute__((weak));

/* FAULTS_TRACE shows who asked, in builds with sanitizers. */
static bool
fails(enum fault kind)
{
	if (kind != failing)
		return false;
	left--;
	if (left > 0 || (left < 0 && !keeps_failing))
		return false;
	if (left == 0 && getenv("FAULTS_TRACE") && __sanitizer_print_stack_trace)
		__sanitizer_print_stack_trace();
	reached = true;
	return true;
}

void
faults_begin(enum fault kind, long n, bool from_then_on)
{
	failing = kind;
	left = n;
	keeps_failing = from_then_on;
	reached = false;
}

bool
faults_end(void)
{
	failing = FAULT_NONE;
	return reached;
}

/* --- the program's allocations --------------------------------------------- */

#define WRAPPED(type, name, parameters, arguments)                                                                               \
	type __real_##name parameters;                                                                                           \
	type __wrap_##name parameters;                                                                                           \
	type __wrap_##name parameters                                                                                            \
	{                                                                                                                        \
		if (fails(FAULT_MEMORY)) {                                                                                       \
			errno = ENOMEM;                                                                                          \
			return NULL;                                                                                             \
		}                                                                                                                \
		return __real_##name arguments;                                                                                  \
	}

WRAPPED(void *, malloc, (size_t size), (size))
WRAPPED(void *, calloc, (size_t count, size_t size), (count, size))
WRAPPED(void *, realloc, (void *old, size_t size), (old, size))
WRAPPED(void *, aligned_alloc, (size_t alignment, size_t size), (alignment, size))
WRAPPED(char *, strdup, (const char *text), (text))
WRAPPED(char *, strndup, (const char *text, size_t size), (text, size))
WRAPPED(char *, realpath, (const char *path, char *out), (path, out))
WRAPPED(FILE *, open_memstream, (char **text, size_t *size), (text, size))

int __real_vasprintf(char **out, const char *format, va_list args);
int __wrap_vasprintf(char **out, const char *format, va_list args);
int
__wrap_vasprintf(char **out, const char *format, va_list args)
{
	if (!fails(FAULT_MEMORY))
		return __real_vasprintf(out, format, args);
	*out = NULL;
	errno = ENOMEM;
	return -1;
}

typedef int chooser(const struct dirent *entry);
typedef int order(const struct dirent **a, const struct dirent **b);
int __real_scandir(const char *path, struct dirent ***out, chooser *choose, order *compare);
int __wrap_scandir(const char *path, struct dirent ***out, chooser *choose, order *compare);
int
__wrap_scandir(const char *path, struct dirent ***out, chooser *choose, order *compare)
{
	if (!fails(FAULT_MEMORY))
		return __real_scandir(path, out, choose, compare);
	errno = ENOMEM;
	return -1;
}

/* --- those of libraries ----------------------------------------------------- */

static void *
json_memory(size_t size)
{
	return fails(FAULT_JSON_MEMORY) ? NULL : __real_malloc(size);
}

static sqlite3_mem_methods sql;

static void *
sql_malloc(int size)
{
	return fails(FAULT_SQL_MEMORY) ? NULL : sql.xMalloc(size);
}

static void *
sql_realloc(void *old, int size)
{
	return fails(FAULT_SQL_MEMORY) ? NULL : sql.xRealloc(old, size);
}

/* --- SQLite's files --------------------------------------------------------- */

/* A file of ours has SQLite's own behind it. */
struct file {
	sqlite3_file base;
	sqlite3_file *real;
};

static sqlite3_vfs *real_vfs, faulty_vfs;

static sqlite3_file *
real(sqlite3_file *file)
{
	return ((struct file *)file)->real;
}

static int
file_close(sqlite3_file *file)
{
	return real(file)->pMethods ? real(file)->pMethods->xClose(real(file)) : SQLITE_OK;
}

static int
file_read(sqlite3_file *file, void *out, int size, sqlite3_int64 at)
{
	return fails(FAULT_SQL_READ) ? SQLITE_IOERR_READ : real(file)->pMethods->xRead(real(file), out, size, at);
}

static int
file_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 at)
{
	return fails(FAULT_SQL_WRITE) ? SQLITE_FULL : real(file)->pMethods->xWrite(real(file), data, size, at);
}

static int
file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	return fails(FAULT_SQL_SYNC) ? SQLITE_IOERR_TRUNCATE : real(file)->pMethods->xTruncate(real(file), size);
}

static int
file_sync(sqlite3_file *file, int flags)
{
	return fails(FAULT_SQL_SYNC) ? SQLITE_IOERR_FSYNC : real(file)->pMethods->xSync(real(file), flags);
}

static int
file_size(sqlite3_file *file, sqlite3_int64 *size)
{
	return real(file)->pMethods->xFileSize(real(file), size);
}

static int
file_lock(sqlite3_file *file, int level)
{
	return real(file)->pMethods->xLock(real(file), level);
}

static int
file_unlock(sqlite3_file *file, int level)
{
	return real(file)->pMethods->xUnlock(real(file), level);
}

static int
file_reserved(sqlite3_file *file, int *out)
{
	return real(file)->pMethods->xCheckReservedLock(real(file), out);
}

static int
file_control(sqlite3_file *file, int what, void *argument)
{
	return real(file)->pMethods->xFileControl(real(file), what, argument);
}

static int
file_sector(sqlite3_file *file)
{
	return real(file)->pMethods->xSectorSize(real(file));
}

static int
file_device(sqlite3_file *file)
{
	return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

static int
file_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
	return fails(FAULT_SQL_SYNC) ? SQLITE_IOERR_SHMMAP : real(file)->pMethods->xShmMap(real(file), page, size, extend, out);
}

static int
file_shm_lock(sqlite3_file *file, int at, int count, int flags)
{
	return real(file)->pMethods->xShmLock(real(file), at, count, flags);
}

static void
file_shm_barrier(sqlite3_file *file)
{
	real(file)->pMethods->xShmBarrier(real(file));
}

static int
file_shm_unmap(sqlite3_file *file, int remove_it)
{
	return real(file)->pMethods->xShmUnmap(real(file), remove_it);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_device,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

static int
vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
	struct file *own = (struct file *)file;
	int rc;

	(void)vfs;
	own->real = (sqlite3_file *)(own + 1);
	memset(own->real, 0, (size_t)real_vfs->szOsFile);
	if (fails(FAULT_SQL_SYNC))
		return SQLITE_CANTOPEN;
	rc = real_vfs->xOpen(real_vfs, name, own->real, flags, out);
	own->base.pMethods = own->real->pMethods ? &methods : NULL;
	return rc;
}

void
faults_install(void)
{
	static sqlite3_mem_methods own;

	json_set_alloc_funcs(json_memory, free);
	sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sql);
	own = sql;
	own.xMalloc = sql_malloc;
	own.xRealloc = sql_realloc;
	sqlite3_config(SQLITE_CONFIG_MALLOC, &own);
	real_vfs = sqlite3_vfs_find(NULL);
	faulty_vfs = *real_vfs;
	faulty_vfs.zName = "faulty";
	faulty_vfs.szOsFile = (int)sizeof(struct file) + real_vfs->szOsFile;
	faulty_vfs.xOpen = vfs_open;
	sqlite3_vfs_register(&faulty_vfs, 1);
}
