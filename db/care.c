#include "db/care.h"

#include "base/file.h"
#include "db/store_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { OPS_PER_POLL = 4000, PROBLEMS = 100 };

static int
poll_care(void *ctx)
{
	const struct care *care = ctx;

	return care->cancelled && care->cancelled(care->cancel_ctx);
}

static void
watch(struct store *store, const struct care *care)
{
	sqlite3_progress_handler(store->db, care ? OPS_PER_POLL : 0, care ? poll_care : NULL, (void *)care);
}

static bool
care_fail(struct store *store, const char *path, const char *doing, struct status *st)
{
	if (sqlite3_errcode(store->db) == SQLITE_INTERRUPT)
		return status_fail(st, STATUS_CANCELLED, "stopped");
	return sql_fail(store->db, path, doing, st);
}

/* --- check ---------------------------------------------------------------- */

/* Each question gives a place and what is wrong there. */
static const char *const checks[] = {
    /* Without its argument, which SQLite 3.46 takes for a table's name here: 100 is the default. */
    "SELECT 'file', integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
    "SELECT \"table\" || ' row ' || coalesce(rowid, '?'), 'refers to a row of ' || parent || ' that is not there' "
    "FROM pragma_foreign_key_check LIMIT 100",
};

/* The same of what rows hold packed, which a stranger's notebook is asked as well. */
static const char *const packed_checks[] = {
    "SELECT 'run ' || s.run_id || ' from t = ' || s.first_t, 'packed measurements are not as long, or not of the steps, that "
    "they should be' FROM "
    "step_spans "
    "AS s JOIN site_lists AS l ON l.id = s.site_list_id WHERE s.steps < 1 OR s.first_t < 0 OR s.first_t > 2147483647 - s.steps "
    "OR length(s.data) <> s.steps * 28 * "
    "(length(l.names) - length(replace(l.names, char(10), '')) + 1) LIMIT 100",
    "SELECT 'UGO ' || id || ' (' || name || ')', 'its weights are not as long as they should be' FROM ugos WHERE hidden < 1 OR "
    "length(weights) <> hidden * 4 * iif(form = 'segment', 4, 3) LIMIT 100",
    "SELECT 'run ' || run_id || ' ' || site || ' t = ' || t, 'a tensor''s shape is none' FROM tensors WHERE shape NOT GLOB "
    "'[[]*]' "
    "LIMIT 100",
};

struct checking {
	struct store *store;
	void (*each)(void *ctx, const char *where, const char *problem);
	void *ctx;
	int found;
};

static bool
run_check(struct checking *c, const char *sql, struct status *st)
{
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(c->store->db, sql, -1, &s, NULL);

	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		rc = sqlite3_step(s);
		if (rc == SQLITE_ROW && c->found++ < PROBLEMS)
			c->each(c->ctx, (const char *)sqlite3_column_text(s, 0), (const char *)sqlite3_column_text(s, 1));
	}
	if (rc != SQLITE_DONE)
		care_fail(c->store, c->store->path, "check it", st);
	sqlite3_finalize(s);
	return rc == SQLITE_DONE;
}

bool
care_packed(sqlite3 *db, const char *path, struct status *st)
{
	sqlite3_stmt *s;
	bool ok = true;

	for (size_t i = 0; ok && i < sizeof(packed_checks) / sizeof(packed_checks[0]); i++) {
		int rc = sqlite3_prepare_v2(db, packed_checks[i], -1, &s, NULL);

		rc = rc == SQLITE_OK ? sqlite3_step(s) : rc;
		if (rc == SQLITE_ROW)
			ok = status_fail(st, STATUS_DATA, "%s: %s: %s; nothing was copied", path, sqlite3_column_text(s, 0),
					 sqlite3_column_text(s, 1));
		else if (rc != SQLITE_DONE)
			ok = sql_fail(db, path, "read it", st);
		sqlite3_finalize(s);
	}
	return ok;
}

/* What the migrations make, to compare with. */
static sqlite3 *
pristine(struct status *st)
{
	sqlite3 *db = NULL;

	if (sqlite3_open(":memory:", &db) == SQLITE_OK && site_steps_register(db) == SQLITE_OK &&
	    migrate_run(db, ":memory:", migration_table, st))
		return db;
	status_nomem(st, "a database");
	sqlite3_close(db);
	return NULL;
}

static int64_t
schema_has(sqlite3_stmt *find, sqlite3_stmt *row)
{
	int64_t same = 0;

	for (int i = 0; i < 3; i++)
		sqlite3_bind_value(find, i + 1, sqlite3_column_value(row, i));
	if (sqlite3_step(find) == SQLITE_ROW)
		same = sqlite3_column_int64(find, 0);
	sqlite3_reset(find);
	return same;
}

/* Tables, views and indexes that are ours in `these` but not the same in `those`. */
static bool
compare_schemas(struct checking *c, sqlite3 *these, sqlite3 *those, const char *problem)
{
	sqlite3_stmt *row = NULL, *find = NULL;
	bool ok = sqlite3_prepare_v2(
		      these, "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT GLOB 'sqlite_*'", -1,
		      &row, NULL) == SQLITE_OK &&
		  sqlite3_prepare_v2(those, "SELECT 1 FROM sqlite_schema WHERE type = ?1 AND name = ?2 AND sql = ?3", -1, &find,
				     NULL) == SQLITE_OK;

	while (ok && sqlite3_step(row) == SQLITE_ROW)
		if (!schema_has(find, row) && c->found++ < PROBLEMS)
			c->each(c->ctx, (const char *)sqlite3_column_text(row, 1), problem);
	sqlite3_finalize(row);
	sqlite3_finalize(find);
	return ok;
}

static bool
check_schema(struct checking *c, struct status *st)
{
	sqlite3 *model = pristine(st);
	bool ok = model && compare_schemas(c, model, c->store->db, "is missing or was changed") &&
		  compare_schemas(c, c->store->db, model, "is not of this program's making");

	sqlite3_close(model);
	return ok || status_fail(st, STATUS_DATA, "%s: its schema cannot be read", c->store->path);
}

bool
care_check(struct store *store, const struct care *care, void (*each)(void *ctx, const char *where, const char *problem),
	   void *ctx, struct status *st)
{
	struct checking c = {store, each, ctx, 0};
	bool ok = store_flush(store, st);

	watch(store, care);
	for (size_t i = 0; ok && i < sizeof(checks) / sizeof(checks[0]); i++)
		ok = run_check(&c, checks[i], st);
	for (size_t i = 0; ok && i < sizeof(packed_checks) / sizeof(packed_checks[0]); i++)
		ok = run_check(&c, packed_checks[i], st);
	ok = ok && check_schema(&c, st);
	watch(store, NULL);
	if (!ok)
		return false;
	return c.found == 0 ||
	       status_fail(st, STATUS_DATA, "%s: %d thing%s wrong; make a backup of what can be read: db backup FILE",
			   store->path, c.found, c.found == 1 ? " is" : "s are");
}

/* --- backup --------------------------------------------------------------- */

/* It is the copy's disk that is full, its folder that may not be written. */
static bool
vacuum_into(struct store *store, const char *part, const char *path, struct status *st)
{
	char *sql = sqlite3_mprintf("VACUUM INTO %Q", part);
	bool ok = sql && sql_number(store->db, sql, NULL) == SQLITE_OK;

	if (!sql)
		status_nomem(st, "a backup");
	else if (!ok)
		care_fail(store, path, "write the copy", st);
	sqlite3_free(sql);
	return ok;
}

bool
care_backup(struct store *store, const struct care *care, const char *path, bool force, struct status *st)
{
	struct draft draft;
	bool ok;

	if (!store_flush(store, st) || !draft_begin(&draft, path, force, st))
		return false;
	fchmod(fileno(draft.file), 0600); /* as private as the notebook */
	watch(store, care);
	ok = vacuum_into(store, draft.temp, path, st);
	watch(store, NULL);
	return draft_end(&draft, ok, st);
}

/* --- vacuum --------------------------------------------------------------- */

/* What the file has or, where the newest pages are still beside it, will have. */
static int64_t
file_bytes(const struct store *store)
{
	int64_t pages = 0, size = 0;

	sql_number(store->db, "PRAGMA page_count", &pages);
	sql_number(store->db, "PRAGMA page_size", &size);
	return pages * size;
}

bool
care_vacuum(struct store *store, const struct care *care, int64_t *before_bytes, int64_t *after_bytes, struct status *st)
{
	bool ok = store_flush(store, st);

	/* A question's connection would be another reader of the old file. */
	sqlite3_close(store->reader);
	store->reader = NULL;
	*before_bytes = file_bytes(store);
	watch(store, care);
	ok = ok && (sql_number(store->db, "VACUUM", NULL) == SQLITE_OK || care_fail(store, store->path, "make it smaller", st));
	watch(store, NULL);
	if (ok && !store->memory && sql_number(store->db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL) != SQLITE_OK)
		ok = care_fail(store, store->path, "make it smaller", st);
	*after_bytes = file_bytes(store);
	return ok;
}

/* --- prune ---------------------------------------------------------------- */

static const char chosen_runs[] = "status <> 'running' AND (?1 IS NULL OR status = ?1) AND (?2 IS NULL OR started < ?2) "
				  "AND (?3 = 0 OR session_id = ?3)";

/* Runs sql with the parameters of prune; *changed counts rows, *value (may be NULL) is a number. */
static bool
prune_step(struct store *store, const struct prune *p, int64_t current, const char *format, int64_t *changed, struct status *st)
{
	char *sql = sqlite3_mprintf(format, chosen_runs);
	sqlite3_stmt *s = NULL;
	int rc = sql ? sqlite3_prepare_v2(store->db, sql, -1, &s, NULL) : SQLITE_NOMEM;

	if (rc == SQLITE_OK) {
		sqlite3_bind_text(s, 1, p->status, -1, SQLITE_STATIC);
		sqlite3_bind_text(s, 2, p->before, -1, SQLITE_STATIC);
		sqlite3_bind_int64(s, 3, p->session);
		if (sqlite3_bind_parameter_count(s) > 3)
			sqlite3_bind_int64(s, 4, current);
		rc = sqlite3_step(s);
		if (rc == SQLITE_DONE)
			*changed = sqlite3_changes(store->db);
	}
	if (rc != SQLITE_DONE)
		sql_fail(store->db, store->path, "delete from it", st);
	sqlite3_finalize(s);
	sqlite3_free(sql);
	return rc == SQLITE_DONE;
}

/* Site lists, sites and names stay: other programs may have their numbers in mind. */
static bool
prune_rest(struct store *store, struct prune *p, int64_t current, struct status *st)
{
	int64_t ignored;

	return prune_step(
		   store, p, current,
		   "DELETE FROM session_states WHERE session_id <> ?4 AND ?1 IS ?1 AND ?2 IS ?2 AND ?3 IS ?3 AND id NOT IN "
		   "(SELECT max(id) FROM session_states GROUP BY session_id)",
		   &ignored, st) &&
	       prune_step(store, p, current,
			  "DELETE FROM sessions WHERE note = '' AND name GLOB 's[0-9]*' AND id <> ?4 AND created < "
			  "strftime('%%Y-%%m-%%dT%%H:%%M:%%fZ', 'now', '-30 days') AND ?1 IS ?1 AND ?2 IS ?2 AND ?3 IS ?3 AND "
			  "NOT EXISTS "
			  "(SELECT 1 FROM runs WHERE session_id = sessions.id)",
			  &p->sessions, st) &&
	       prune_step(store, p, current,
			  "DELETE FROM plans WHERE NOT EXISTS (SELECT 1 FROM runs WHERE plan_hash = plans.hash) AND NOT EXISTS "
			  "(SELECT 1 "
			  "FROM plan_names WHERE plan_hash = plans.hash) AND NOT EXISTS (SELECT 1 FROM session_states WHERE "
			  "instr(state, plans.hash)) AND NOT EXISTS (SELECT 1 FROM runs WHERE instr(state, plans.hash))",
			  &p->plans, st) &&
	       prune_step(store, p, current,
			  "DELETE FROM datasets WHERE NOT EXISTS (SELECT 1 FROM runs WHERE dataset_hash = datasets.hash)",
			  &ignored, st) &&
	       prune_step(
		   store, p, current,
		   "DELETE FROM models WHERE NOT EXISTS (SELECT 1 FROM runs WHERE model_hash = models.hash) AND NOT EXISTS "
		   "(SELECT 1 FROM plans WHERE model_hash = models.hash)",
		   &ignored, st);
}

bool
care_prune(struct store *store, int64_t current, struct prune *p, struct status *st)
{
	bool ok;

	if (!store_flush(store, st) || !store_begin(store, st))
		return false;
	ok = prune_step(store, p, current, "DELETE FROM tensors WHERE run_id IN (SELECT id FROM runs WHERE %s)", &p->tensors, st);
	if (ok && !p->tensors_only)
		ok =
		    prune_step(store, p, current, "DELETE FROM runs WHERE %s", &p->runs, st) && prune_rest(store, p, current, st);
	if (!p->dry_run)
		return store_finish(store, ok, st);
	store_finish(store, false, NULL);
	return ok;
}
