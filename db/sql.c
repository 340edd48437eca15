#include "db/store_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *doing; /* "cannot ..." */
	const char *sql;
} statement_table[STATEMENTS] = {
    [STATEMENT_BEGIN] = {"write", "BEGIN IMMEDIATE"},
    [STATEMENT_COMMIT] = {"write", "COMMIT"},
    [STATEMENT_ROLLBACK] = {"undo a write", "ROLLBACK"},
    [STATEMENT_MODEL] = {"record the model",
			 "INSERT INTO models(hash, name, family, path, parameters) VALUES (?1, ?2, ?3, ?4, ?5) "
			 "ON CONFLICT(hash) DO UPDATE SET name = ?2, family = ?3, path = ?4, parameters = ?5"},
    [STATEMENT_DATASET] = {"record the data set", "INSERT INTO datasets(hash, path, images, classes) VALUES (?1, ?2, ?3, ?4) "
						  "ON CONFLICT(hash) DO UPDATE SET path = ?2, images = ?3, classes = ?4"},
    [STATEMENT_PLAN] = {"record the plan",
			"INSERT INTO plans(hash, model_hash, recipe, T, json, content) VALUES (?1, ?2, ?3, ?4, ?5, ?6) "
			"ON CONFLICT(hash) DO UPDATE SET model_hash = ?2, recipe = ?3, T = ?4, json = ?5, "
			"content = coalesce(?6, content)"},
    [STATEMENT_PLAN_HAS] = {"find the plan", "SELECT 1 FROM plans WHERE hash = ?1 AND content IS NOT NULL"},
    [STATEMENT_PLAN_NAME] = {"name the plan", "INSERT INTO plan_names(name, plan_hash) VALUES (?1, ?2) "
					      "ON CONFLICT(name) DO UPDATE SET name = ?1 WHERE plan_hash = ?2 RETURNING 1"},
    [STATEMENT_PLAN_RENAME] = {"name the plan", "INSERT INTO plan_names(name, plan_hash) VALUES (?1, ?2) "
						"ON CONFLICT(name) DO UPDATE SET plan_hash = ?2 RETURNING 1"},
    [STATEMENT_PLAN_LIST] =
	{"read the plans",
	 "SELECT p.hash, p.model_hash, p.recipe, p.T, p.json, p.content, n.name, coalesce(n.created, p.created), m.name "
	 "FROM plans AS p LEFT JOIN plan_names AS n ON n.plan_hash = p.hash LEFT JOIN models AS m ON m.hash = p.model_hash "
	 "ORDER BY n.name IS NULL, n.name GLOB 'tuned-[0-9]*', coalesce(n.created, p.created) DESC"},
    /* A name before a hash, or its beginning; two rows when that is not enough to tell. */
    [STATEMENT_PLAN_FIND] =
	{"find the plan",
	 "SELECT p.hash, p.model_hash, p.recipe, p.T, p.json, p.content, n.name, coalesce(n.created, p.created), m.name "
	 "FROM plans AS p LEFT JOIN plan_names AS n ON n.plan_hash = p.hash LEFT JOIN models AS m ON m.hash = p.model_hash "
	 "WHERE n.name = ?1 OR (length(?1) >= 4 AND substr(p.hash, 1, length(?1)) = ?1 AND NOT EXISTS "
	 "(SELECT 1 FROM plan_names WHERE name = ?1)) GROUP BY p.hash LIMIT 2"},
    [STATEMENT_UGO] = {"record the UGO",
		       "INSERT INTO ugos(hash, name, function, lo, hi, hidden, form, rmse, max_error, weights, dtype, shape, b2, "
		       "knots) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 'F32', ?11, ?12, ?13) ON CONFLICT(name, hash) DO "
		       "UPDATE SET rmse = ?8, max_error = ?9, knots = coalesce(?13, knots) RETURNING id"},
    [STATEMENT_UGO_LIST] =
	{"read the UGOs",
	 "SELECT id, name, function, lo, hi, hidden, form, rmse, max_error, weights, dtype, b2, created, knots FROM ugos "
	 "WHERE name = ?1 OR (?1 IS NULL AND id = (SELECT max(id) FROM ugos AS u WHERE u.name = ugos.name)) ORDER BY id DESC"},
    [STATEMENT_SESSION_NEW] =
	{"make a session", "INSERT INTO sessions(uid, name) VALUES (lower(hex(randomblob(16))), coalesce(?1, (WITH RECURSIVE "
			   "n(i) AS (SELECT coalesce((SELECT seq "
			   "FROM sqlite_sequence WHERE name = 'sessions'), 0) + 1 UNION ALL SELECT i + 1 FROM n) SELECT 's' || i "
			   "FROM n WHERE NOT EXISTS (SELECT 1 FROM sessions WHERE name = 's' || i) LIMIT 1))) "
			   "ON CONFLICT(name) DO NOTHING RETURNING id"},
    [STATEMENT_SESSION_FIND] = {"find the session", "SELECT id FROM sessions WHERE name = ?1 OR CAST(id AS TEXT) = ?1 "
						    "ORDER BY name = ?1 DESC LIMIT 1"},
    [STATEMENT_SESSION_NOTE] = {"write the note", "UPDATE sessions SET note = note || iif(note = '', '', char(10)) || ?2 "
						  "WHERE id = ?1 RETURNING id"},
    [STATEMENT_SESSION_LIST] = {"read the sessions",
				"SELECT id, name, created, note, (SELECT count(*) FROM commands WHERE session_id = s.id), "
				"(SELECT count(*) FROM runs WHERE session_id = s.id) FROM sessions AS s "
				"ORDER BY name GLOB 's[0-9]*' AND note = '', id DESC"},
    [STATEMENT_COMMAND_BEGIN] = {"record the command", "INSERT INTO commands(session_id, line, host, pid, process_start) "
						       "VALUES (nullif(?1, 0), ?2, ?3, ?4, ?5) RETURNING id"},
    [STATEMENT_COMMAND_END] = {"record the end of the command", "UPDATE commands SET status = ?2, message = ?3, seconds = ?4 "
								"WHERE id = ?1 RETURNING id"},
    [STATEMENT_RUN_BEGIN] =
	{"record the run",
	 "INSERT INTO runs(uid, session_id, command_id, kind, model_hash, plan_hash, dataset_hash, seed, "
	 "version, threads, host, pid, process_start, state, arithmetic) VALUES (lower(hex(randomblob(16))), nullif(?1, 0), "
	 "nullif(?2, 0), ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, nullif(?14, 0)) RETURNING id"},
    [STATEMENT_RUN_END] = {"record the end of the run", "UPDATE runs SET status = ?2, message = ?3, seconds = ?4, "
							"peak_memory_bytes = nullif(?5, 0) WHERE id = ?1 RETURNING id"},
    [STATEMENT_METRIC] =
	{"record measurements",
	 "INSERT INTO run_metrics(run_id, t, name, value) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET value = ?4"},
    [STATEMENT_SITE_METRIC] = {"record measurements", "INSERT INTO site_metrics(run_id, t, site_id, name_id, value) VALUES (?1, "
						      "?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET value = ?5"},
    [STATEMENT_PREDICTION] = {"record predictions", "INSERT OR REPLACE INTO predictions(run_id, picture, t, label, ann, snn, "
						    "squared_error, events, spikes, energy_event, energy_unit) "
						    "VALUES (?1, ?2, ?3, nullif(?4, -1), nullif(?5, -1), nullif(?6, -1), ?7, ?8, "
						    "?9, ?10, ?11)"},
    [STATEMENT_SITE_ADD] = {"record a site", "INSERT INTO sites(name) VALUES (?1) RETURNING id"},
    [STATEMENT_SITE_FIND] = {"find a site", "SELECT id FROM sites WHERE name = ?1"},
    [STATEMENT_NAME_ADD] = {"record a name", "INSERT INTO metric_names(name) VALUES (?1) RETURNING id"},
    [STATEMENT_SCHEMA] =
	{"read its schema",
	 "SELECT m.name AS t, NULL AS c, -1 AS k FROM sqlite_schema AS m WHERE m.type IN ('table', 'view') "
	 "AND m.name NOT GLOB 'sqlite_*' UNION ALL SELECT m.name, i.name, i.cid FROM sqlite_schema AS m, "
	 "pragma_table_info(m.name) AS i WHERE m.type IN ('table', 'view') AND m.name NOT GLOB 'sqlite_*' ORDER BY t, k"},
    [STATEMENT_SITE_LIST_ADD] = {"record the sites", "INSERT INTO site_lists(names) VALUES (?1) RETURNING id"},
    [STATEMENT_SITE_LIST_FIND] = {"find the sites", "SELECT id FROM site_lists WHERE names = ?1"},
    [STATEMENT_STEP_SPAN] = {"record measurements",
			     "INSERT OR REPLACE INTO step_spans(run_id, first_t, steps, site_list_id, data) "
			     "VALUES (?1, ?2, ?3, ?4, ?5)"},
    [STATEMENT_STATE_PUT] = {"record the session's state", "INSERT INTO session_states(session_id, state) VALUES (?1, ?2)"},
    [STATEMENT_STATE_AFTER] =
	{"record the session's state",
	 "INSERT INTO session_states(session_id, command_id, state) SELECT session_id, id, ?2 FROM commands "
	 "WHERE id = ?1 AND session_id IS NOT NULL"},
    [STATEMENT_STATE_LAST] = {"read the session's state",
			      "SELECT state FROM session_states WHERE session_id = CAST(?1 AS INTEGER) ORDER BY id DESC LIMIT 1"},
    [STATEMENT_STATE_DROP] =
	{"undo",
	 "DELETE FROM session_states WHERE id = (SELECT max(id) FROM session_states WHERE session_id = ?1) "
	 "AND EXISTS (SELECT 1 FROM session_states AS s WHERE s.session_id = ?1 AND s.id <> session_states.id) RETURNING id"},
    [STATEMENT_STATE_SESSION] = {"find a session to resume", "SELECT session_id FROM session_states WHERE session_id <> ?1 "
							     "ORDER BY id DESC LIMIT 1"},
    [STATEMENT_SESSION_LINES] = {"read the session's commands",
				 "SELECT line FROM commands WHERE session_id = CAST(?1 AS INTEGER) ORDER BY id"},
    [STATEMENT_QUESTION_PUT] = {"save the question", "INSERT INTO questions(name, sql) VALUES (?1, ?2) "
						     "ON CONFLICT(name) DO UPDATE SET sql = ?2"},
    [STATEMENT_QUESTION_GET] = {"read the question", "SELECT sql FROM questions WHERE name = ?1"},
    [STATEMENT_QUESTION_DROP] = {"delete the question", "DELETE FROM questions WHERE name = ?1 RETURNING 1"},
    [STATEMENT_TENSOR] = {"keep a tensor", "INSERT OR REPLACE INTO tensors(run_id, site, quantity, t, dtype, shape, data) "
					   "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"},
    [STATEMENT_NAME_FIND] = {"find a name", "SELECT id FROM metric_names WHERE name = ?1"},
};

void
sql_harden(sqlite3 *db)
{
	sqlite3_extended_result_codes(db, 1);
	sqlite3_busy_timeout(db, STORE_BUSY_MS);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	/* We have no triggers; those in a stranger's file must not run. */
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0, NULL);
	/* Between two polls of the progress handler nothing may take long. */
	sqlite3_limit(db, SQLITE_LIMIT_LENGTH, 256 << 20);
	sqlite3_limit(db, SQLITE_LIMIT_SQL_LENGTH, 1 << 20);
	sqlite3_limit(db, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 200);
}

int
sql_number(sqlite3 *db, const char *sql, int64_t *value)
{
	sqlite3_stmt *s;
	int rc = sqlite3_prepare_v2(db, sql, -1, &s, NULL);

	if (rc != SQLITE_OK)
		return rc;
	if (sqlite3_step(s) == SQLITE_ROW && value)
		*value = sqlite3_column_int64(s, 0);
	return sqlite3_finalize(s);
}

/* What to do about it, by primary result code. */
static const char *
next_step(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_FULL:
		return "the disk is full; free some space and try again (what was written before is safe)";
	case SQLITE_IOERR:
		return "check the disk, its space and file size limits, and try again (what was written before is safe)";
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return "another program holds it; try again when that has finished";
	case SQLITE_NOTADB:
		return "it was not touched; name another file with --db FILE";
	case SQLITE_CORRUPT:
		return "the database is damaged; restore a backup, or start a new one with --db FILE";
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return "make the file and its folder writable, or use --db FILE or --db :memory:";
	case SQLITE_ERROR:
		return "the database is damaged or was changed by another program; use another with --db FILE";
	default:
		return "use another database with --db FILE";
	}
}

bool
sql_fail(sqlite3 *db, const char *path, const char *doing, struct status *st)
{
	int rc = sqlite3_extended_errcode(db);

	if ((rc & 0xff) == SQLITE_NOMEM)
		return status_nomem(st, "the database");
	if (rc == SQLITE_CONSTRAINT_FOREIGNKEY)
		return status_fail(st, STATUS_DATA, "%s: cannot %s: what it refers to is not recorded in this database", path,
				   doing);
	if ((rc & 0xff) == SQLITE_FULL)
		return status_fail(st, STATUS_DATA, "%s: cannot %s: %s", path, doing, next_step(rc));
	return status_fail(st, STATUS_DATA, "%s: cannot %s: %s; %s", path, doing, sqlite3_errmsg(db), next_step(rc));
}

bool
store_prepare(struct store *store, struct status *st)
{
	for (int i = 0; i < STATEMENTS; i++)
		if (sqlite3_prepare_v3(store->db, statement_table[i].sql, -1, SQLITE_PREPARE_PERSISTENT, &store->statement[i],
				       NULL) != SQLITE_OK)
			return sql_fail(store->db, store->path, statement_table[i].doing, st);
	return true;
}

static int
bind_text(sqlite3_stmt *s, int i, const char *text)
{
	return text ? sqlite3_bind_text64(s, i, text, strlen(text), SQLITE_STATIC, SQLITE_UTF8) : sqlite3_bind_null(s, i);
}

static int
bind_all(sqlite3_stmt *s, const char *types, va_list args)
{
	int rc = SQLITE_OK;

	for (int i = 1; *types && rc == SQLITE_OK; types++, i++) {
		if (*types == 't')
			rc = bind_text(s, i, va_arg(args, const char *));
		else if (*types == 'i')
			rc = sqlite3_bind_int64(s, i, va_arg(args, int64_t));
		else if (*types == 'r')
			rc = sqlite3_bind_double(s, i, va_arg(args, double));
		else {
			const void *data = va_arg(args, const void *);
			size_t size = va_arg(args, size_t);

			rc = data ? sqlite3_bind_blob64(s, i, data, size, SQLITE_STATIC) : sqlite3_bind_null(s, i);
		}
	}
	return rc;
}

bool
store_exec(struct store *store, enum statement which, int64_t *value, struct status *st, const char *types, ...)
{
	sqlite3_stmt *s = store->statement[which];
	int64_t first = 0;
	va_list args;
	int rc;

	va_start(args, types);
	rc = bind_all(s, types, args);
	va_end(args);
	if (rc == SQLITE_OK) {
		rc = sqlite3_step(s);
		if (rc == SQLITE_ROW) {
			first = sqlite3_column_int64(s, 0);
			/* An INSERT ... RETURNING is only complete when it says so. */
			while ((rc = sqlite3_step(s)) == SQLITE_ROW)
				;
		}
	}
	if (rc != SQLITE_DONE)
		sql_fail(store->db, store->path, statement_table[which].doing, st);
	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
	if (value)
		*value = rc == SQLITE_DONE ? first : 0;
	return rc == SQLITE_DONE;
}

bool
store_rows(struct store *store, enum statement which, const char *text,
	   bool (*row)(void *ctx, sqlite3_stmt *s, bool *stop, struct status *st), void *ctx, struct status *st)
{
	sqlite3_stmt *s = store->statement[which];
	bool ok = true, stop = false;
	int rc = SQLITE_ROW;

	if (sqlite3_bind_parameter_count(s) > 0)
		rc = bind_text(s, 1, text) == SQLITE_OK ? SQLITE_ROW : SQLITE_ERROR;
	while (ok && !stop && rc == SQLITE_ROW)
		if ((rc = sqlite3_step(s)) == SQLITE_ROW)
			ok = row(ctx, s, &stop, st);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		ok = sql_fail(store->db, store->path, statement_table[which].doing, st);
	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
	return ok;
}

bool
store_begin(struct store *store, struct status *st)
{
	return store_exec(store, STATEMENT_BEGIN, NULL, st, "");
}

bool
store_finish(struct store *store, bool ok, struct status *st)
{
	ok = ok && store_exec(store, STATEMENT_COMMIT, NULL, st, "");
	if (ok)
		store->in_vain = 0;
	/* Some errors have ended the transaction already. */
	if (!ok && !sqlite3_get_autocommit(store->db))
		store_exec(store, STATEMENT_ROLLBACK, NULL, NULL, "");
	return ok;
}
