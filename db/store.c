#include "db/store.h"

#include "base/text.h"
#include "base/timing.h"
#include "db/store_internal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static void
who_we_are(struct store *store)
{
	struct utsname system;

	if (uname(&system) == 0)
		memcpy(store->host, system.nodename, strnlen(system.nodename, sizeof(store->host) - 1));
	store->pid = getpid();
	process_start_of(store->pid, store->process_start, sizeof(store->process_start));
}

static void
gone_function(sqlite3_context *context, int count, sqlite3_value **value)
{
	const char *start = (const char *)sqlite3_value_text(value[1]);

	(void)count;
	sqlite3_result_int(context, process_gone(sqlite3_value_int64(value[0]), start ? start : ""));
}

/* SQLite's own waiting looks ever more rarely, up to ten times a second, and between
 * processes that write without a pause it then never finds the file free. */
static void
say_waiting(struct store *store)
{
	char who[100], *text;

	store->said = true;
	if (!store->say)
		return;
	process_writing(store->path, who, sizeof(who));
	text = text_format("waiting for %s, which writes to %s", who, store->path);
	if (text)
		store->say(store->say_ctx, text);
	free(text);
}

/* After a long wait for nothing the next ones are short: a command writes several times. */
static int
patience(const struct store *store, double now)
{
	bool again = store->in_vain > 0 && now - store->in_vain < 1e-3 * STORE_VAIN_MS;

	return again && store->patience_ms > STORE_AGAIN_MS ? STORE_AGAIN_MS : store->patience_ms;
}

static int
wait_for_others(void *ctx, int calls)
{
	struct store *store = ctx;
	double now = timing_now();

	if (calls == 0) {
		store->busy_since = now;
		store->said = false;
	}
	if (now - store->busy_since > 1e-3 * patience(store, now)) {
		if (store->patience_ms == STORE_BUSY_MS)
			store->in_vain = now;
		return 0;
	}
	if (!store->said && now - store->busy_since > 1e-3 * STORE_SAY_MS)
		say_waiting(store);
	sqlite3_sleep(calls < 3 ? 1 : 3);
	return 1;
}

/* WAL lets others read while one writes. Switching needs the file alone for a moment
 * and does not wait for it by itself. Where the file system cannot do it, the old
 * journal stays, which is slower but as safe. */
static bool
use_wal(struct store *store, struct status *st)
{
	int rc;

	for (int waited = 0; waited <= STORE_BUSY_MS; waited += 20) {
		rc = sql_number(store->db, "PRAGMA journal_mode = WAL", NULL);
		if ((rc & 0xff) != SQLITE_BUSY)
			break;
		sqlite3_sleep(20);
	}
	return rc == SQLITE_OK || sql_fail(store->db, store->path, "open it", st);
}

/* What somebody tried is nobody else's business; SQLite would make a file that all may read. */
static void
make_private(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
}

static bool
open_file(struct store *store, struct status *st)
{
	int rc;

	if (!store->memory)
		make_private(store->path);
	rc = sqlite3_open_v2(store->path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);

	if (!store->db)
		return status_nomem(st, "the database");
	if (rc != SQLITE_OK)
		return sql_fail(store->db, store->path, "open it", st);
	sql_harden(store->db);
	store->patience_ms = STORE_BUSY_MS;
	sqlite3_busy_handler(store->db, wait_for_others, store);
	if (!migrate_check(store->db, store->path, migration_table, st))
		return false;
	if (sqlite3_db_readonly(store->db, "main") == 1)
		return status_fail(
		    st, STATUS_DATA,
		    "%s: the file may not be written; make it writable, or use --db FILE or --db :memory:", store->path);
	return true;
}

static bool
set_up(struct store *store, struct status *st)
{
	if (!store->memory && !use_wal(store, st))
		return false;
	/* In WAL mode NORMAL is safe against kill -9 and never corrupts; only a power
	 * failure may lose the last moments. */
	if (sql_number(store->db, "PRAGMA synchronous = NORMAL", NULL) != SQLITE_OK)
		return sql_fail(store->db, store->path, "open it", st);
	if (site_steps_register(store->db) != SQLITE_OK)
		return sql_fail(store->db, store->path, "open it", st);
	if (!migrate_run(store->db, store->path, migration_table, st))
		return false;
	if (sql_number(store->db, "PRAGMA foreign_keys = ON", NULL) != SQLITE_OK ||
	    sqlite3_create_function(store->db, "process_gone", 2, SQLITE_UTF8 | SQLITE_DIRECTONLY, NULL, gone_function, NULL,
				    NULL) != SQLITE_OK)
		return sql_fail(store->db, store->path, "open it", st);
	return store_prepare(store, st);
}

/* Runs and commands of processes that were killed. When it fails (a full disk, a busy
 * file) the next start does it, and what this one wants to write will say why. */
static void
mark_interrupted(struct store *store)
{
	static const char *const table[] = {"runs", "commands"};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char *where =
		    sqlite3_mprintf("status = 'running' AND host = %Q AND process_gone(pid, process_start)", store->host);
		char *look = sqlite3_mprintf("SELECT count(*) FROM %s WHERE %s", table[i], where);
		char *mark = sqlite3_mprintf("UPDATE %s SET status = 'interrupted' WHERE %s", table[i], where);
		int64_t found = 0;

		/* Looking first keeps a start from waiting for a writer. */
		if (where && look && mark && sql_number(store->db, look, &found) == SQLITE_OK && found > 0)
			sql_number(store->db, mark, NULL);
		sqlite3_free(mark);
		sqlite3_free(look);
		sqlite3_free(where);
	}
}

struct store *
store_open(const char *path, struct status *st)
{
	struct store *store = calloc(1, sizeof(*store));

	if (!store) {
		status_nomem(st, "the database");
		return NULL;
	}
	store->memory = path && strcmp(path, ":memory:") == 0;
	store->path = store->memory ? text_format("%s", path) : store_find(path, st);
	who_we_are(store);
	if (!store->path || !open_file(store, st) || !set_up(store, st)) {
		store_close(store);
		return NULL;
	}
	mark_interrupted(store);
	return store;
}

void
store_close(struct store *store)
{
	if (!store)
		return;
	if (store->statement[STATEMENTS - 1])
		store_flush(store, NULL);
	buffer_done(store);
	for (int i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(store->statement[i]);
	sqlite3_close(store->reader);
	sqlite3_close(store->db);
	free(store->path);
	free(store);
}

void
store_on_wait(struct store *store, void (*say)(void *ctx, const char *text), void *ctx)
{
	store->say = say;
	store->say_ctx = ctx;
}

const char *
store_path(const struct store *store)
{
	return store->path;
}
