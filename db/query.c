#include "db/query.h"

#include "base/timing.h"
#include "db/store_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPS_PER_POLL = 4000 };           /* some 100 microseconds */
static const double usual_seconds = 60; /* views may be a stranger's */

const struct query_info query_table[] = {
    {"runs", "limit, kind, model (glob), status, session, since",
     "SELECT run, kind, status, started, seconds, model, recipe, T, accuracy, ann_accuracy, logit_rmse, command FROM v_runs "
     "WHERE (?2 IS NULL OR kind = ?2) AND (?3 IS NULL OR model GLOB ?3) AND (?4 IS NULL OR status = ?4) "
     "AND (?5 IS NULL OR session = ?5) AND (?6 IS NULL OR started >= ?6) ORDER BY run DESC LIMIT coalesce(?1, 20)"},
    {"show", "run", "SELECT * FROM v_runs WHERE run = ?1"},
    {"metrics", "run", "SELECT name, t, value FROM run_metrics WHERE run_id = ?1 ORDER BY name, t"},
    {"curve", "run",
     "SELECT t, accuracy, agreement, ann_accuracy, logit_rmse, spikes_per_image, events_per_image, energy_ratio "
     "FROM v_accuracy_vs_t WHERE run = ?1 ORDER BY t"},
    {"sites", "run", "SELECT t, site, rmse, relative, cosine, rate, alarms FROM v_layer_error WHERE run = ?1"},
    {"tensors", "run",
     "SELECT site, quantity, min(t) AS first_t, max(t) AS last_t, count(*) AS steps, dtype, shape, sum(length(data)) AS bytes "
     "FROM tensors WHERE run_id = ?1 GROUP BY site, quantity, dtype, shape"},
    {"plan", "hash", "SELECT json FROM plans WHERE hash GLOB ?1 || '*' ORDER BY hash LIMIT 1"},
    {NULL, NULL, NULL},
};

/* What is known while a question runs; the database calls back with it. */
struct watch {
	struct query *query;
	double seconds, end; /* how long it may take; when that is over, monotonic */
	char refused[96];    /* what the question wanted to do; "" when all was allowed */
	bool cancelled, late;
};

static int
poll_query(void *ctx)
{
	struct watch *watch = ctx;

	if (watch->query->cancelled && watch->query->cancelled(watch->query->cancel_ctx))
		watch->cancelled = true;
	else if (timing_now() > watch->end)
		watch->late = true;
	return watch->cancelled || watch->late;
}

/* Actions by the words that a person used for them. */
static const struct {
	int action;
	const char *words; /* %s: the name of what would be changed */
} action_table[] = {
    {SQLITE_INSERT, "INSERT INTO %s"}, {SQLITE_UPDATE, "UPDATE %s"},        {SQLITE_DELETE, "DELETE FROM %s"},
    {SQLITE_PRAGMA, "PRAGMA %s"},      {SQLITE_ATTACH, "ATTACH %s"},        {SQLITE_DETACH, "DETACH %s"},
    {SQLITE_TRANSACTION, "%s"},        {SQLITE_SAVEPOINT, "SAVEPOINT"},     {SQLITE_ANALYZE, "ANALYZE"},
    {SQLITE_REINDEX, "REINDEX"},       {SQLITE_ALTER_TABLE, "ALTER TABLE"},
};

static bool
is_select(const char *sql)
{
	sql += strspn(sql, " \t\r\n(");
	return sqlite3_strnicmp(sql, "select", 6) == 0 || sqlite3_strnicmp(sql, "values", 6) == 0;
}

static void
note_refusal(struct watch *watch, int action, const char *name)
{
	const char *words = "a change of the schema";

	if (watch->refused[0])
		return;
	name = name ? name : "";
	/* CREATE and DROP begin by asking to change this table, and so does what has its table from a module. */
	if (is_select(watch->query->sql))
		words = "a table that a module makes (full text, statistics)";
	else if (strcmp(name, "sqlite_master") != 0 && strcmp(name, "sqlite_temp_master") != 0)
		for (size_t i = 0; i < sizeof(action_table) / sizeof(action_table[0]); i++)
			if (action_table[i].action == action)
				words = action_table[i].words;
	snprintf(watch->refused, sizeof(watch->refused), words, name);
}

static bool
is_in(const char *name, const char *const *list)
{
	while (*list && sqlite3_stricmp(name, *list) != 0)
		list++;
	return *list != NULL;
}

/* The last two may run for any time between two polls: the width of a field has no limit. */
static bool
harmless(const char *function)
{
	static const char *const harmful[] = {"load_extension", "fts3_tokenizer", "printf", "format", NULL};

	return !is_in(function, harmful);
}

/* What is told about tables and views; other PRAGMAs are read as tables by some versions of SQLite without asking. */
static const char *const told_pragmas[] = {"table_info", "table_xinfo",      "table_list", "index_list",
					   "index_info", "foreign_key_list", NULL};
static const char pragma_table[] = "pragma_";

static bool
is_readable(const char *table)
{
	static const char *const of_pages[] = {"dbstat", "sqlite_dbpage", NULL};
	size_t n = sizeof(pragma_table) - 1;

	if (is_in(table, of_pages))
		return false;
	return sqlite3_strnicmp(table, pragma_table, (int)n) != 0 || is_in(table + n, told_pragmas);
}

/* Such tables are declared when they are first used, which an authorizer would take for a change of the schema. */
static int
declare_pragma_tables(sqlite3 *db)
{
	char sql[100];
	int rc = SQLITE_OK;

	for (size_t i = 0; rc == SQLITE_OK && told_pragmas[i]; i++) {
		snprintf(sql, sizeof(sql), "SELECT 1 FROM %s%s LIMIT 0", pragma_table, told_pragmas[i]);
		rc = sql_number(db, sql, NULL);
	}
	return rc;
}

static int
authorize(void *ctx, int action, const char *a, const char *b, const char *database, const char *trigger)
{
	struct watch *watch = ctx;

	(void)database;
	(void)trigger;
	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_RECURSIVE:
		return SQLITE_OK;
	case SQLITE_READ:
		if (!a || is_readable(a))
			return SQLITE_OK;
		snprintf(watch->refused, sizeof(watch->refused), "the table %.60s", a);
		return SQLITE_DENY;
	case SQLITE_PRAGMA:
		if (a && is_in(a, told_pragmas))
			return SQLITE_OK;
		note_refusal(watch, action, a);
		return SQLITE_DENY;
	case SQLITE_FUNCTION:
		if (b && harmless(b))
			return SQLITE_OK;
		snprintf(watch->refused, sizeof(watch->refused), "the function %s()", b ? b : "");
		return SQLITE_DENY;
	default:
		note_refusal(watch, action, a);
		return SQLITE_DENY;
	}
}

/* The connection that questions use. In memory there is but one. */
static sqlite3 *
reader(struct store *store, struct status *st)
{
	int rc;

	if (store->memory)
		return declare_pragma_tables(store->db) == SQLITE_OK || sql_fail(store->db, store->path, "read it", st)
			   ? store->db
			   : NULL;
	if (store->reader)
		return store->reader;
	rc = sqlite3_open_v2(store->path, &store->reader, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc == SQLITE_OK)
		rc = site_steps_register(store->reader);
	if (rc == SQLITE_OK)
		rc = declare_pragma_tables(store->reader);
	if (rc == SQLITE_OK) {
		sql_harden(store->reader);
		return store->reader;
	}
	if (store->reader)
		sql_fail(store->reader, store->path, "read it", st);
	else
		status_nomem(st, "the database");
	sqlite3_close(store->reader);
	store->reader = NULL;
	return NULL;
}

/* Characters before a byte offset: what a person counts. */
static int
characters(const char *text, int bytes)
{
	int n = 0;

	for (int i = 0; i < bytes && text[i]; i++)
		n += ((unsigned char)text[i] & 0xc0) != 0x80;
	return n;
}

static bool
is_damage(int rc)
{
	rc &= 0xff;
	return rc == SQLITE_CORRUPT || rc == SQLITE_NOTADB || rc == SQLITE_IOERR || rc == SQLITE_FULL || rc == SQLITE_BUSY ||
	       rc == SQLITE_CANTOPEN || rc == SQLITE_NOMEM;
}

static bool
explain_failure(struct store *store, sqlite3 *db, const struct watch *watch, struct status *st)
{
	int offset = sqlite3_error_offset(db);

	if (watch->cancelled)
		return status_fail(st, STATUS_CANCELLED, "query cancelled");
	if (watch->late)
		return status_fail(st, STATUS_FAILED,
				   "query stopped after %g s; narrow it with WHERE or LIMIT, or allow more time (--timeout)",
				   watch->seconds);
	if (watch->refused[0])
		return status_fail(st, STATUS_USAGE, "%s is refused: a query only reads; ask with SELECT", watch->refused);
	if (is_damage(sqlite3_errcode(db)))
		return sql_fail(db, store->path, "read it", st);
	watch->query->error_offset = offset;
	if (offset < 0)
		return status_fail(st, STATUS_USAGE, "query: %s", sqlite3_errmsg(db));
	return status_fail(st, STATUS_USAGE, "query: %s (at character %d)", sqlite3_errmsg(db),
			   characters(watch->query->sql, offset) + 1);
}

/* A second statement after the first would silently not run; say so instead. */
static bool
check_tail(sqlite3 *db, const char *tail, struct status *st)
{
	sqlite3_stmt *more = NULL;
	int rc = sqlite3_prepare_v2(db, tail, -1, &more, &tail);

	while (rc == SQLITE_OK && !more && *tail)
		rc = sqlite3_prepare_v2(db, tail, -1, &more, &tail);
	sqlite3_finalize(more);
	return (rc == SQLITE_OK && !more) ||
	       status_fail(st, STATUS_USAGE, "query: more than one statement; ask one thing at a time");
}

static bool
bind_params(sqlite3_stmt *s, const struct query *query)
{
	int most = sqlite3_bind_parameter_count(s), rc = SQLITE_OK;

	for (int i = 0; i < query->param_count && i < most && rc == SQLITE_OK; i++) {
		const struct query_value *v = &query->params[i];

		if (v->type == QUERY_INTEGER)
			rc = sqlite3_bind_int64(s, i + 1, v->integer);
		else if (v->type == QUERY_REAL)
			rc = sqlite3_bind_double(s, i + 1, v->real);
		else if (v->type == QUERY_TEXT)
			rc = sqlite3_bind_text64(s, i + 1, v->text, strlen(v->text), SQLITE_STATIC, SQLITE_UTF8);
		else if (v->type == QUERY_BLOB)
			rc = SQLITE_MISUSE;
	}
	return rc == SQLITE_OK;
}

static sqlite3_stmt *
prepare(struct store *store, sqlite3 *db, struct watch *watch, struct status *st)
{
	const char *sql = watch->query->sql, *tail;
	sqlite3_stmt *s = NULL;

	if (sqlite3_prepare_v2(db, sql, -1, &s, &tail) != SQLITE_OK) {
		explain_failure(store, db, watch, st);
		return NULL;
	}
	if (!s)
		status_fail(st, STATUS_USAGE, "query: there is no question; try: query 'SELECT * FROM v_runs'");
	else if (!sqlite3_stmt_readonly(s) || sqlite3_column_count(s) == 0)
		/* The authorizer hears of VACUUM only when it runs. */
		status_fail(st, STATUS_USAGE, "this statement is refused: a query only reads; ask with SELECT");
	else if (!check_tail(db, tail, st))
		watch->query->error_offset = (int)(tail - sql);
	else if (!bind_params(s, watch->query))
		status_fail(st, STATUS_USAGE, "query: a parameter cannot be used; give numbers or text");
	else
		return s;
	sqlite3_finalize(s);
	return NULL;
}

/* False when memory is short; the conversion to text happens here. */
static bool
read_value(sqlite3_stmt *s, int column, struct query_value *v)
{
	static const enum query_type type[] = {[SQLITE_INTEGER] = QUERY_INTEGER,
					       [SQLITE_FLOAT] = QUERY_REAL,
					       [SQLITE_TEXT] = QUERY_TEXT,
					       [SQLITE_BLOB] = QUERY_BLOB,
					       [SQLITE_NULL] = QUERY_NULL};

	*v = (struct query_value){.type = type[sqlite3_column_type(s, column)]};
	if (v->type == QUERY_INTEGER)
		v->integer = sqlite3_column_int64(s, column);
	else if (v->type == QUERY_REAL)
		v->real = sqlite3_column_double(s, column);
	else if (v->type == QUERY_TEXT && !(v->text = (const char *)sqlite3_column_text(s, column)))
		return false;
	if (v->type == QUERY_TEXT || v->type == QUERY_BLOB)
		v->size = (size_t)sqlite3_column_bytes(s, column);
	return true;
}

static bool
give_columns(sqlite3_stmt *s, const struct query_output *output, bool *more, struct status *st)
{
	int count = sqlite3_column_count(s);
	const char **name = calloc((size_t)count, sizeof(*name));
	bool ok = name != NULL;

	for (int i = 0; ok && i < count; i++)
		ok = (name[i] = sqlite3_column_name(s, i)) != NULL;
	if (ok)
		*more = !output->columns || output->columns(output->ctx, count, name);
	free(name);
	return ok || status_nomem(st, "an answer");
}

static bool
give_row(sqlite3_stmt *s, const struct query_output *output, struct query_value *value, bool *more, struct status *st)
{
	int count = sqlite3_column_count(s);

	for (int i = 0; i < count; i++)
		if (!read_value(s, i, &value[i]))
			return status_nomem(st, "an answer");
	*more = !output->row || output->row(output->ctx, count, value);
	return true;
}

static bool
give_answer(struct store *store, sqlite3 *db, sqlite3_stmt *s, const struct watch *watch, const struct query_output *output,
	    struct status *st)
{
	struct query_value *value = calloc((size_t)sqlite3_column_count(s), sizeof(*value));
	int rc = SQLITE_ROW;
	bool ok, more = true;

	if (!value)
		return status_nomem(st, "an answer");
	ok = give_columns(s, output, &more, st);
	while (ok && more && rc == SQLITE_ROW)
		if ((rc = sqlite3_step(s)) == SQLITE_ROW)
			ok = give_row(s, output, value, &more, st);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		ok = explain_failure(store, db, watch, st);
	free(value);
	return ok;
}

bool
query_run(struct store *store, struct query *query, const struct query_output *output, struct status *st)
{
	double seconds = query->timeout_seconds > 0 ? query->timeout_seconds : usual_seconds;
	struct watch watch = {.query = query, .seconds = seconds, .end = timing_now() + seconds};
	sqlite3_stmt *s;
	sqlite3 *db;
	bool ok;

	query->error_offset = -1;
	/* When that fails the answer lacks the newest; recording will say why. */
	store_flush(store, NULL);
	if (!(db = reader(store, st)))
		return false;
	sql_number(db, "PRAGMA query_only = ON", NULL);
	sqlite3_set_authorizer(db, authorize, &watch);
	sqlite3_progress_handler(db, OPS_PER_POLL, poll_query, &watch);
	s = prepare(store, db, &watch, st);
	ok = s && give_answer(store, db, s, &watch, output, st);
	sqlite3_finalize(s);
	sqlite3_progress_handler(db, 0, NULL, NULL);
	sqlite3_set_authorizer(db, NULL, NULL);
	sql_number(db, "PRAGMA query_only = OFF", NULL);
	return ok;
}

const struct query_info *
query_named(const char *name)
{
	for (const struct query_info *q = query_table; q->name; q++)
		if (strcmp(q->name, name) == 0)
			return q;
	return NULL;
}

struct name_each {
	bool (*each)(void *ctx, const char *table, const char *column);
	void *ctx;
};

static bool
name_row(void *ctx, sqlite3_stmt *s, bool *stop, struct status *st)
{
	const struct name_each *to = ctx;
	const char *table = (const char *)sqlite3_column_text(s, 0), *column = (const char *)sqlite3_column_text(s, 1);

	if (!table)
		return status_nomem(st, "names");
	*stop = !to->each(to->ctx, table, column);
	return true;
}

bool
query_names(struct store *store, bool (*each)(void *ctx, const char *table, const char *column), void *ctx, struct status *st)
{
	struct name_each to = {each, ctx};

	return store_rows(store, STATEMENT_SCHEMA, NULL, name_row, &to, st);
}
