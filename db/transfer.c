#include "db/transfer.h"

#include "base/file.h"
#include "base/text.h"
#include "db/store_internal.h"
#include "db/transfer_copy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OPS_PER_POLL = 4000 };

static int
poll_transfer(void *ctx)
{
	const struct transfer *t = ctx;

	return t->cancelled && t->cancelled(t->cancel_ctx);
}

/* --- export --------------------------------------------------------------- */

/* A new notebook with the current schema in the empty file part, alone (no WAL beside it); path names it. */
static sqlite3 *
make_notebook(const char *part, const char *path, struct status *st)
{
	sqlite3 *db = NULL;
	int rc = sqlite3_open_v2(part, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

	if (!db) {
		status_nomem(st, "a database");
		return NULL;
	}
	if (rc == SQLITE_OK)
		rc = site_steps_register(db);
	if (rc == SQLITE_OK) {
		sql_harden(db);
		if (migrate_run(db, path, migration_table, st) && sql_number(db, "PRAGMA foreign_keys = ON", NULL) == SQLITE_OK)
			return db;
	}
	sql_fail(db, path, "make it", st);
	sqlite3_close(db);
	return NULL;
}

static bool
check_chosen(struct store *store, const struct transfer *t, struct status *st)
{
	char sql[100];
	int64_t found = 0;

	if (!t->run && !t->session)
		return true;
	snprintf(sql, sizeof(sql), "SELECT 1 FROM %s WHERE id = %lld", t->run ? "runs" : "sessions",
		 (long long)(t->run ? t->run : t->session));
	if (sql_number(store->db, sql, &found) != SQLITE_OK)
		return sql_fail(store->db, store->path, "read it", st);
	return found || status_fail(st, STATUS_USAGE, "there is no %s %lld; type: %s", t->run ? "run" : "session",
				    (long long)(t->run ? t->run : t->session), t->run ? "runs" : "session list");
}

/* One snapshot here, one transaction there. */
static bool
copy_out(struct store *store, struct transfer *t, sqlite3 *to, const char *path, struct status *st)
{
	bool ok = sql_number(store->db, "BEGIN", NULL) == SQLITE_OK || sql_fail(store->db, store->path, "read it", st);

	ok = ok && (sql_number(to, "BEGIN", NULL) == SQLITE_OK || sql_fail(to, path, "write it", st));
	sqlite3_progress_handler(store->db, OPS_PER_POLL, poll_transfer, t);
	ok = ok && transfer_copy(t, store->db, store->path, to, path, false, st);
	sqlite3_progress_handler(store->db, 0, NULL, NULL);
	if (ok && sql_number(to, "COMMIT", NULL) != SQLITE_OK)
		ok = sql_fail(to, path, "write it", st);
	if (!sqlite3_get_autocommit(store->db))
		sql_number(store->db, "ROLLBACK", NULL);
	return ok;
}

static bool
export_to(struct store *store, struct transfer *t, const char *part, const char *path, struct status *st)
{
	sqlite3 *to = make_notebook(part, path, st);
	bool ok = to && copy_out(store, t, to, path, st);

	if (to && sqlite3_close(to) != SQLITE_OK)
		ok = status_fail(st, STATUS_DATA, "%s: cannot be closed", path);
	return ok;
}

bool
transfer_export(struct store *store, struct transfer *t, const char *path, bool force, struct status *st)
{
	struct draft draft;

	if (!store_flush(store, st) || !check_chosen(store, t, st))
		return false;
	return draft_begin(&draft, path, force, st) && draft_end(&draft, export_to(store, t, draft.temp, path, st), st);
}

/* --- import --------------------------------------------------------------- */

/* Tables that are read of a stranger's notebook. */
static const char *const read_tables[] = {
    "models", "datasets",    "plans", "plan_names",   "ugos",         "questions",   "sessions",   "session_states", "commands",
    "runs",   "run_metrics", "sites", "metric_names", "site_metrics", "predictions", "step_spans", "site_lists",     "tensors"};

static sqlite3 *
open_stranger(const char *path, struct status *st)
{
	sqlite3 *db = NULL;
	struct stat info;
	int rc;

	/* A pipe would be waited for. */
	if (stat(path, &info) != 0 || access(path, R_OK) != 0) {
		status_fail(st, STATUS_DATA, "%s: %s", path, strerror(errno));
		return NULL;
	}
	if (!S_ISREG(info.st_mode)) {
		status_fail(st, STATUS_DATA, "%s: this is not a file", path);
		return NULL;
	}
	rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
	if (!db) {
		status_nomem(st, "a database");
		return NULL;
	}
	if (rc == SQLITE_OK)
		rc = site_steps_register(db);
	if (rc == SQLITE_OK) {
		sql_harden(db);
		rc = sql_number(db, "PRAGMA cell_size_check = ON", NULL);
	}
	if (rc == SQLITE_OK)
		return db;
	sql_fail(db, path, "read it", st);
	sqlite3_close(db);
	return NULL;
}

static bool
is_whole(sqlite3 *db, const char *path, struct status *st)
{
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &s, NULL);
	bool ok;

	rc = rc == SQLITE_OK ? sqlite3_step(s) : rc;
	if (rc == SQLITE_INTERRUPT)
		ok = status_fail(st, STATUS_CANCELLED, "stopped; nothing was copied");
	else if (rc != SQLITE_ROW)
		ok = sql_fail(db, path, "read it", st);
	else
		ok = strcmp((const char *)sqlite3_column_text(s, 0), "ok") == 0 ||
		     status_fail(st, STATUS_DATA, "%s: the database is damaged (%s); nothing was copied", path,
				 (const char *)sqlite3_column_text(s, 0));
	sqlite3_finalize(s);
	return ok;
}

/* An older version is brought up to date in a copy of its own. */
static sqlite3 *
modern_copy(sqlite3 *old, const char *path, struct status *st)
{
	sqlite3_backup *backup;
	sqlite3 *db = NULL;
	bool ok = sqlite3_open("", &db) == SQLITE_OK && (backup = sqlite3_backup_init(db, "main", old, "main"));

	if (ok) {
		sqlite3_backup_step(backup, -1);
		ok = sqlite3_backup_finish(backup) == SQLITE_OK && site_steps_register(db) == SQLITE_OK;
	}
	if (ok)
		sql_harden(db);
	ok = ok ? migrate_run(db, path, migration_table, st) : sql_fail(db, path, "read it", st);
	if (ok)
		return db;
	sqlite3_close(db);
	return NULL;
}

/* A new string, "" for none. */
static bool
table_sql(sqlite3 *db, const char *table, char **sql, struct status *st)
{
	const char *text = NULL;
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(db, "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?1", -1, &s, NULL);

	*sql = NULL;
	if (rc == SQLITE_OK) {
		sqlite3_bind_text(s, 1, table, -1, SQLITE_STATIC);
		rc = sqlite3_step(s);
		text = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(s, 0) : NULL;
	}
	if (rc == SQLITE_DONE || rc == SQLITE_ROW)
		*sql = strdup(text ? text : "");
	else
		sql_fail(db, table, "read it", st);
	sqlite3_finalize(s);
	return *sql || status_nomem(st, "a table's form");
}

/* Tables that are views, or have other columns, checks or defaults than ours, could do
 * anything when they are read. */
static bool
same_tables(struct store *store, sqlite3 *db, const char *path, struct status *st)
{
	bool ok = true;

	for (size_t i = 0; ok && i < sizeof(read_tables) / sizeof(read_tables[0]); i++) {
		char *ours = NULL, *theirs = NULL;

		ok = table_sql(store->db, read_tables[i], &ours, st) && table_sql(db, read_tables[i], &theirs, st);
		ok = ok && (strcmp(ours, theirs) == 0 ||
			    status_fail(st, STATUS_DATA, "%s: its table %s is not what this program makes; nothing was copied",
					path, read_tables[i]));
		free(ours);
		free(theirs);
	}
	return ok;
}

static bool
copy_in(struct store *store, struct transfer *t, sqlite3 *from, const char *path, struct status *st)
{
	bool ok;

	if (!same_tables(store, from, path, st) || !care_packed(from, path, st) || !store_flush(store, st))
		return false;
	if (sql_number(from, "BEGIN", NULL) != SQLITE_OK)
		return sql_fail(from, path, "read it", st);
	if (!store_begin(store, st))
		return false;
	ok = transfer_copy(t, from, path, store->db, store->path, true, st);
	return store_finish(store, ok, st);
}

bool
transfer_import(struct store *store, struct transfer *t, const char *path, struct status *st)
{
	sqlite3 *theirs = open_stranger(path, st), *modern = NULL;
	int64_t version = 0;
	bool ok;

	if (!theirs)
		return false;
	sqlite3_progress_handler(theirs, OPS_PER_POLL, poll_transfer, t);
	ok = migrate_check(theirs, path, migration_table, st) && is_whole(theirs, path, st);
	if (ok && sql_number(theirs, "PRAGMA user_version", &version) == SQLITE_OK && version == 0)
		ok = status_fail(st, STATUS_DATA, "%s: this database is empty", path);
	if (ok && version < migrate_last(migration_table))
		ok = (modern = modern_copy(theirs, path, st)) != NULL;
	ok = ok && copy_in(store, t, modern ? modern : theirs, path, st);
	sqlite3_close(modern);
	sqlite3_close(theirs);
	return ok;
}
