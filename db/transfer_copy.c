/* Rows from one notebook to another, by the names that both know them by. */
#include "db/transfer_copy.h"

#include "db/store_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHILDREN = 5 };

/* Numbers of rows there and here; from ascends. */
struct id_map {
	int64_t *from, *to;
	int count, capacity;
};

/* Copies rows: what select gives is bound to insert, in order; insert's :new, which
 * comes after these, is the number of the row here that they belong to. */
struct copier {
	sqlite3_stmt *select, *insert;
};

struct copying {
	struct transfer *transfer;
	sqlite3 *from, *to;
	const char *from_path, *to_path;
	bool theirs; /* what is copied is a stranger's */
	struct id_map sessions, commands;
	struct copier child[CHILDREN]; /* tables of which each row belongs to a run */
	struct status *st;
};

static bool
from_fails(struct copying *c)
{
	if (sqlite3_errcode(c->from) == SQLITE_INTERRUPT)
		return status_fail(c->st, STATUS_CANCELLED, "stopped; nothing was copied");
	return sql_fail(c->from, c->from_path, "read it", c->st);
}

static bool
to_fails(struct copying *c)
{
	int rc = sqlite3_errcode(c->to) & 0xff;

	if (rc == SQLITE_INTERRUPT)
		return status_fail(c->st, STATUS_CANCELLED, "stopped; nothing was copied");
	if (rc == SQLITE_CONSTRAINT)
		return status_fail(c->st, STATUS_DATA, "%s: its records contradict each other (%s); nothing was copied",
				   c->from_path, sqlite3_errmsg(c->to));
	return sql_fail(c->to, c->to_path, "write it", c->st);
}

/* --- maps ----------------------------------------------------------------- */

static bool
map_add(struct id_map *map, int64_t from, int64_t to, struct status *st)
{
	int capacity = map->capacity ? 2 * map->capacity : 256;

	if (map->count == map->capacity) {
		int64_t *f = realloc(map->from, (size_t)capacity * sizeof(*f)),
			*t = realloc(map->to, (size_t)capacity * sizeof(*t));

		map->from = f ? f : map->from;
		map->to = t ? t : map->to;
		if (!f || !t)
			return status_nomem(st, "a copy");
		map->capacity = capacity;
	}
	map->from[map->count] = from;
	map->to[map->count++] = to;
	return true;
}

/* 0 when it is not there: no session, no command. */
static int64_t
map_find(const struct id_map *map, int64_t from)
{
	int lo = 0, hi = map->count;

	while (lo < hi) {
		int middle = lo + (hi - lo) / 2;

		if (map->from[middle] < from)
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo < map->count && map->from[lo] == from ? map->to[lo] : 0;
}

static void
map_done(struct id_map *map)
{
	free(map->from);
	free(map->to);
}

/* --- statements ----------------------------------------------------------- */

static sqlite3_stmt *
prepare(struct copying *c, sqlite3 *db, char *sql)
{
	sqlite3_stmt *s = NULL;

	if (!sql)
		status_nomem(c->st, "a copy");
	else if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s, NULL) != SQLITE_OK)
		db == c->from ? from_fails(c) : to_fails(c);
	sqlite3_free(sql);
	return s;
}

/* "a, b, c" and "?1, ?2, ?3" of a table's columns here, those of the list `without` left
 * out: a column that a later version adds goes along by itself. */
static bool
column_lists(struct copying *c, const char *table, const char *without, char columns[1000], char marks[400])
{
	sqlite3_stmt *s = prepare(c, c->to, sqlite3_mprintf("SELECT name FROM pragma_table_info(%Q)", table));
	size_t at = 0, mark = 0;
	int n = 0;

	columns[0] = marks[0] = '\0';
	while (s && sqlite3_step(s) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(s, 0);
		char listed[100];

		snprintf(listed, sizeof(listed), " %s ", name ? name : "");
		if (strstr(without, listed) || at >= 900 || mark >= 380)
			continue;
		at += (size_t)snprintf(columns + at, 1000 - at, "%s%s", n ? ", " : "", name);
		mark += (size_t)snprintf(marks + mark, 400 - mark, "%s?%d", n ? ", " : "", n + 1);
		n++;
	}
	sqlite3_finalize(s);
	return n > 0 || to_fails(c);
}

static void
copier_done(struct copier *copier)
{
	sqlite3_finalize(copier->select);
	sqlite3_finalize(copier->insert);
	*copier = (struct copier){NULL, NULL};
}

/* Binds columns first .. first + count - 1 to the first parameters. */
static bool
bind_row(sqlite3_stmt *select, int first, int count, sqlite3_stmt *insert)
{
	int rc = SQLITE_OK;

	for (int i = 0; i < count && rc == SQLITE_OK; i++)
		rc = sqlite3_bind_value(insert, i + 1, sqlite3_column_value(select, first + i));
	return rc == SQLITE_OK;
}

/* Rows for key there to `new` here; *copied (may be NULL) counts. */
static bool
copy_rows(struct copying *c, struct copier *copier, int64_t key, int64_t new, int *copied)
{
	int at = sqlite3_bind_parameter_index(copier->insert, ":new"), rc;
	bool ok = true;

	if (sqlite3_bind_parameter_count(copier->select) > 0)
		sqlite3_bind_int64(copier->select, 1, key);
	if (at > 0)
		sqlite3_bind_int64(copier->insert, at, new);
	while (ok && (rc = sqlite3_step(copier->select)) == SQLITE_ROW) {
		ok = bind_row(copier->select, 0, sqlite3_column_count(copier->select), copier->insert) &&
		     sqlite3_step(copier->insert) == SQLITE_DONE;
		if (ok && copied)
			*copied += sqlite3_changes(c->to);
		if (!ok)
			to_fails(c);
		sqlite3_reset(copier->insert);
	}
	if (ok && rc != SQLITE_DONE)
		ok = from_fails(c);
	sqlite3_reset(copier->select);
	return ok;
}

/* --- things --------------------------------------------------------------- */

/* The runs to be copied, as a condition on the table runs with ?1. */
static const char *
chosen(const struct copying *c)
{
	return c->transfer->run ? "id = ?1" : c->transfer->session ? "session_id = ?1" : "1";
}

static int64_t
chosen_key(const struct copying *c)
{
	return c->transfer->run ? c->transfer->run : c->transfer->session;
}

/* Which rows of a table of things the chosen runs refer to, directly or by their
 * state; all when everything is copied. */
static char *
things_needed(const struct copying *c, const char *table)
{
	static const char plans[] =
	    "SELECT plan_hash FROM runs WHERE %s UNION SELECT json_extract(CASE WHEN json_valid(state) THEN state END, '$.plan') "
	    "FROM runs WHERE %s";
	const char *runs = chosen(c);
	char *needed = sqlite3_mprintf(plans, runs, runs), *condition = NULL;

	if (!c->transfer->run && !c->transfer->session)
		condition = sqlite3_mprintf("1");
	else if (strcmp(table, "models") == 0)
		condition =
		    sqlite3_mprintf("hash IN (SELECT model_hash FROM runs WHERE %s UNION SELECT model_hash FROM plans WHERE "
				    "hash IN (%s))",
				    runs, needed);
	else if (strcmp(table, "datasets") == 0)
		condition = sqlite3_mprintf("hash IN (SELECT dataset_hash FROM runs WHERE %s)", runs);
	else if (strcmp(table, "plans") == 0)
		condition = sqlite3_mprintf("hash IN (%s)", needed);
	else if (strcmp(table, "plan_names") == 0)
		condition = sqlite3_mprintf("plan_hash IN (%s)", needed);
	else if (strcmp(table, "ugos") == 0)
		/* Runs do not say which UGOs they made; those of their time are theirs. */
		condition = sqlite3_mprintf("EXISTS (SELECT 1 FROM runs WHERE %s AND kind NOT IN ('step', 'ann', 'eval') AND "
					    "ugos.created BETWEEN started AND strftime('%%Y-%%m-%%dT%%H:%%M:%%fZ', started, "
					    "(coalesce(seconds, 0) + 1) || ' seconds'))",
					    runs);
	else
		condition = sqlite3_mprintf("0");
	sqlite3_free(needed);
	return condition;
}

static bool
copy_things(struct copying *c, const char *table, const char *without, int *copied)
{
	char columns[1000], marks[400], *needed = things_needed(c, table);
	struct copier copier = {NULL, NULL};
	bool ok = needed && column_lists(c, table, without, columns, marks);

	if (ok) {
		copier.select = prepare(c, c->from, sqlite3_mprintf("SELECT %s FROM %s WHERE %s", columns, table, needed));
		copier.insert = prepare(
		    c, c->to, sqlite3_mprintf("INSERT INTO %s(%s) VALUES (%s) ON CONFLICT DO NOTHING", table, columns, marks));
		ok = copier.select && copier.insert && copy_rows(c, &copier, chosen_key(c), 0, copied);
	}
	copier_done(&copier);
	sqlite3_free(needed);
	return ok;
}

/* A plan that is here without its content gets it. */
static bool
fill_plans(struct copying *c)
{
	char *needed = things_needed(c, "plans");
	struct copier copier = {
	    prepare(c, c->from, sqlite3_mprintf("SELECT hash, content FROM plans WHERE content IS NOT NULL AND %s", needed)),
	    prepare(c, c->to, sqlite3_mprintf("UPDATE plans SET content = ?2 WHERE hash = ?1 AND content IS NULL"))};
	bool ok = copier.select && copier.insert && copy_rows(c, &copier, chosen_key(c), 0, NULL);

	copier_done(&copier);
	sqlite3_free(needed);
	return ok;
}

/* --- sessions and commands ------------------------------------------------ */

/* The number here of the row that was just inserted or found by `find`; 0 on failure. */
static int64_t
number_of(struct copying *c, sqlite3_stmt *find)
{
	int64_t id = 0;
	int rc = sqlite3_step(find);

	if (rc == SQLITE_ROW)
		id = sqlite3_column_int64(find, 0);
	else if (rc != SQLITE_DONE)
		to_fails(c);
	sqlite3_reset(find);
	return id;
}

/* A name that is taken gets a number behind it. */
static bool
insert_session(struct copying *c, sqlite3_stmt *row, sqlite3_stmt *insert, struct copier *states)
{
	int64_t id;

	if (!bind_row(row, 0, 4, insert) || (sqlite3_step(insert) != SQLITE_DONE && !to_fails(c)))
		return false;
	sqlite3_reset(insert);
	id = sqlite3_last_insert_rowid(c->to);
	c->transfer->sessions++;
	return map_add(&c->sessions, sqlite3_column_int64(row, 4), id, c->st) &&
	       copy_rows(c, states, sqlite3_column_int64(row, 4), id, NULL);
}

/* With everything only those come along that hold something. */
static const char *
sessions_needed(const struct copying *c)
{
	if (c->transfer->run)
		return "id = (SELECT session_id FROM runs WHERE id = ?1)";
	return c->transfer->session ? "id = ?1" : "note <> '' OR id IN (SELECT session_id FROM runs)";
}

static const char state_insert[] = "INSERT INTO session_states(state, created, session_id) VALUES (?1, ?2, :new)";
/* What a stranger's session would have keys do is not to be mistaken for what its new owner has bound. */
static const char foreign_state_insert[] = "INSERT INTO session_states(state, created, session_id) VALUES (CASE WHEN "
					   "json_valid(?1) THEN json_object('foreign', json(?1)) "
					   "ELSE '{}' END, ?2, :new)";

static const char session_insert[] = "INSERT INTO sessions(name, created, note, uid) VALUES (CASE WHEN NOT EXISTS (SELECT 1 FROM "
				     "sessions WHERE name = ?1) THEN ?1 "
				     "ELSE (WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n) SELECT ?1 || '-' || "
				     "i FROM n WHERE NOT EXISTS (SELECT 1 "
				     "FROM sessions WHERE name = ?1 || '-' || i) LIMIT 1) END, ?2, ?3, ?4)";

static bool
take_sessions(struct copying *c, sqlite3_stmt *row, sqlite3_stmt *find, sqlite3_stmt *insert, struct copier *states)
{
	int rc = SQLITE_DONE;
	bool ok = true;

	if (sqlite3_bind_parameter_count(row) > 0)
		sqlite3_bind_int64(row, 1, chosen_key(c));
	while (ok && (rc = sqlite3_step(row)) == SQLITE_ROW) {
		int64_t id;

		sqlite3_bind_value(find, 1, sqlite3_column_value(row, 3));
		id = number_of(c, find);
		ok = id ? map_add(&c->sessions, sqlite3_column_int64(row, 4), id, c->st) : insert_session(c, row, insert, states);
	}
	return ok && (rc == SQLITE_DONE || from_fails(c));
}

static bool
copy_sessions(struct copying *c)
{
	sqlite3_stmt *row =
	    prepare(c, c->from,
		    sqlite3_mprintf("SELECT name, created, note, coalesce(uid, hex(randomblob(16))), id FROM sessions "
				    "WHERE %s ORDER BY id",
				    sessions_needed(c)));
	sqlite3_stmt *find = prepare(c, c->to, sqlite3_mprintf("SELECT id FROM sessions WHERE uid = ?1"));
	sqlite3_stmt *insert = prepare(c, c->to, sqlite3_mprintf("%s", session_insert));
	struct copier states = {
	    prepare(c, c->from, sqlite3_mprintf("SELECT state, created FROM session_states WHERE session_id = ?1 ORDER BY id")),
	    prepare(c, c->to, sqlite3_mprintf("%s", c->theirs ? foreign_state_insert : state_insert))};
	bool ok = row && find && insert && states.select && states.insert && take_sessions(c, row, find, insert, &states);

	sqlite3_finalize(row);
	sqlite3_finalize(find);
	sqlite3_finalize(insert);
	copier_done(&states);
	return ok;
}

/* The command of this row here, inserted if it is not there yet. */
static bool
take_command(struct copying *c, sqlite3_stmt *row, sqlite3_stmt *find, sqlite3_stmt *insert)
{
	int64_t session = map_find(&c->sessions, sqlite3_column_int64(row, 1)), id;

	sqlite3_bind_int64(find, 1, session);
	for (int i = 0; i < 3; i++)
		sqlite3_bind_value(find, i + 2, sqlite3_column_value(row, i + 2));
	if ((id = number_of(c, find)) == 0) {
		for (int i = 2; i < sqlite3_column_count(row); i++)
			sqlite3_bind_value(insert, i - 1, sqlite3_column_value(row, i));
		sqlite3_bind_int64(insert, sqlite3_bind_parameter_index(insert, ":new"), session);
		if (sqlite3_step(insert) != SQLITE_DONE)
			return to_fails(c);
		sqlite3_reset(insert);
		id = sqlite3_last_insert_rowid(c->to);
		c->transfer->commands++;
	}
	return map_add(&c->commands, sqlite3_column_int64(row, 0), id, c->st);
}

static const char command_select[] =
    "SELECT id, session_id, started, line, pid, host, process_start, seconds, iif(status = 'running', 'interrupted', status), "
    "message FROM commands WHERE %s ORDER BY id";
static const char command_find[] = "SELECT id FROM commands WHERE session_id IS nullif(?1, 0) AND started = ?2 AND line = ?3 AND "
				   "pid = ?4 LIMIT 1";
static const char command_insert[] = "INSERT INTO commands(started, line, pid, host, process_start, seconds, status, message, "
				     "session_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, nullif(:new, 0))";

static bool
copy_commands(struct copying *c)
{
	const char *which = c->transfer->run ? "id = (SELECT command_id FROM runs WHERE id = ?1)"
			    : c->transfer->session
				? "session_id = ?1"
				: "session_id IN (SELECT session_id FROM runs) OR id IN (SELECT command_id FROM runs)";
	sqlite3_stmt *row = prepare(c, c->from, sqlite3_mprintf(command_select, which));
	sqlite3_stmt *find = prepare(c, c->to, sqlite3_mprintf("%s", command_find));
	sqlite3_stmt *insert = prepare(c, c->to, sqlite3_mprintf("%s", command_insert));
	bool ok = row && find && insert;
	int rc = SQLITE_DONE;

	if (ok && sqlite3_bind_parameter_count(row) > 0)
		sqlite3_bind_int64(row, 1, chosen_key(c));
	while (ok && (rc = sqlite3_step(row)) == SQLITE_ROW)
		ok = take_command(c, row, find, insert);
	if (ok && rc != SQLITE_DONE)
		ok = from_fails(c);
	sqlite3_finalize(row);
	sqlite3_finalize(find);
	sqlite3_finalize(insert);
	return ok;
}

/* --- runs ----------------------------------------------------------------- */

static bool
prepare_child(struct copying *c, int child, const char *table)
{
	char columns[1000], marks[400];

	if (!column_lists(c, table, " id run_id ", columns, marks))
		return false;
	c->child[child].select = prepare(c, c->from, sqlite3_mprintf("SELECT %s FROM %s WHERE run_id = ?1", columns, table));
	c->child[child].insert =
	    prepare(c, c->to, sqlite3_mprintf("INSERT INTO %s(%s, run_id) VALUES (%s, :new)", table, columns, marks));
	return c->child[child].select && c->child[child].insert;
}

/* Names of sites and measurements have other numbers there; here they have been added already. */
static bool
prepare_named(struct copying *c)
{
	static const char *const sql[2][2] = {
	    {"SELECT x.t, s.name, n.name, x.value FROM site_metrics AS x JOIN sites AS s ON s.id = x.site_id JOIN metric_names "
	     "AS n "
	     "ON n.id = x.name_id WHERE x.run_id = ?1",
	     "INSERT INTO site_metrics(t, site_id, name_id, value, run_id) VALUES (?1, (SELECT id FROM sites WHERE name = ?2), "
	     "(SELECT id FROM metric_names WHERE name = ?3), ?4, :new)"},
	    {"SELECT x.first_t, x.steps, l.names, x.data FROM step_spans AS x JOIN site_lists AS l ON l.id = x.site_list_id "
	     "WHERE x.run_id = ?1",
	     "INSERT INTO step_spans(first_t, steps, site_list_id, data, run_id) VALUES (?1, ?2, (SELECT id FROM site_lists "
	     "WHERE "
	     "names = ?3), ?4, :new)"}};
	bool ok = true;

	for (int i = 0; i < 2; i++) {
		struct copier *child = &c->child[CHILDREN - 2 + i];

		child->select = prepare(c, c->from, sqlite3_mprintf("%s", sql[i][0]));
		child->insert = prepare(c, c->to, sqlite3_mprintf("%s", sql[i][1]));
		ok = ok && child->select && child->insert;
	}
	return ok;
}

static bool
copy_names(struct copying *c)
{
	static const char *const names[][2] = {{"sites", "name"}, {"metric_names", "name"}, {"site_lists", "names"}};
	bool ok = true;

	for (size_t i = 0; ok && i < sizeof(names) / sizeof(names[0]); i++) {
		struct copier copier = {
		    prepare(c, c->from, sqlite3_mprintf("SELECT %s FROM %s", names[i][1], names[i][0])),
		    prepare(c, c->to,
			    sqlite3_mprintf("INSERT INTO %s(%s) VALUES (?1) ON CONFLICT DO NOTHING", names[i][0], names[i][1]))};

		ok = copier.select && copier.insert && copy_rows(c, &copier, 0, 0, NULL);
		copier_done(&copier);
	}
	return ok;
}

/* Rows of runs begin with what is looked up: id, session_id, command_id, uid. */
enum { RUN_ID, RUN_SESSION, RUN_COMMAND, RUN_UID };

static bool
insert_run(struct copying *c, sqlite3_stmt *row, sqlite3_stmt *insert)
{
	int64_t id;

	if (!bind_row(row, RUN_UID, sqlite3_column_count(row) - RUN_UID, insert))
		return to_fails(c);
	sqlite3_bind_int64(insert, sqlite3_bind_parameter_index(insert, ":session"),
			   map_find(&c->sessions, sqlite3_column_int64(row, RUN_SESSION)));
	sqlite3_bind_int64(insert, sqlite3_bind_parameter_index(insert, ":command"),
			   map_find(&c->commands, sqlite3_column_int64(row, RUN_COMMAND)));
	if (sqlite3_step(insert) != SQLITE_DONE)
		return to_fails(c);
	sqlite3_reset(insert);
	id = sqlite3_last_insert_rowid(c->to);
	c->transfer->runs++;
	for (int i = 0; i < CHILDREN; i++)
		if (!copy_rows(c, &c->child[i], sqlite3_column_int64(row, RUN_ID), id, NULL))
			return false;
	return true;
}

static bool
take_runs(struct copying *c, sqlite3_stmt *row, sqlite3_stmt *find, sqlite3_stmt *insert)
{
	int rc = SQLITE_DONE;
	bool ok = true;

	if (c->transfer->run + c->transfer->session > 0)
		sqlite3_bind_int64(row, 1, chosen_key(c));
	while (ok && (rc = sqlite3_step(row)) == SQLITE_ROW) {
		sqlite3_bind_value(find, 1, sqlite3_column_value(row, RUN_UID));
		if (number_of(c, find))
			c->transfer->known++;
		else
			ok = c->st->code == STATUS_OK && insert_run(c, row, insert);
	}
	return ok && (rc == SQLITE_DONE || from_fails(c));
}

/* What ran there does not run here. */
static bool
prepare_runs(struct copying *c, sqlite3_stmt *run[3])
{
	char columns[1000], marks[400];
	int n = 1;

	if (!column_lists(c, "runs", " id session_id command_id uid status ", columns, marks))
		return false;
	for (const char *p = columns; *p; p++)
		n += *p == ',';
	run[0] = prepare(c, c->from,
			 sqlite3_mprintf("SELECT id, session_id, command_id, coalesce(uid, hex(randomblob(16))), %s, "
					 "iif(status = 'running', 'interrupted', status) FROM runs WHERE %s ORDER BY id",
					 columns, chosen(c)));
	run[1] = prepare(c, c->to, sqlite3_mprintf("SELECT id FROM runs WHERE uid = ?1"));
	run[2] = prepare(c, c->to,
			 sqlite3_mprintf("INSERT INTO runs(uid, %s, status, session_id, command_id) VALUES (%s, ?%d, ?%d, "
					 "nullif(:session, 0), nullif(:command, 0))",
					 columns, marks, n + 1, n + 2));
	return run[0] && run[1] && run[2];
}

static bool
copy_runs(struct copying *c)
{
	sqlite3_stmt *run[3] = {NULL, NULL, NULL};
	bool ok = copy_names(c) && prepare_child(c, 0, "run_metrics") && prepare_child(c, 1, "predictions") &&
		  prepare_child(c, 2, "tensors") && prepare_named(c) && prepare_runs(c, run) &&
		  take_runs(c, run[0], run[1], run[2]);

	for (int i = 0; i < 3; i++)
		sqlite3_finalize(run[i]);
	for (int i = 0; i < CHILDREN; i++)
		copier_done(&c->child[i]);
	return ok;
}

bool
transfer_copy(struct transfer *transfer, sqlite3 *from, const char *from_path, sqlite3 *to, const char *to_path, bool theirs,
	      struct status *st)
{
	struct copying c = {
	    .transfer = transfer, .theirs = theirs, .from = from, .to = to, .from_path = from_path, .to_path = to_path, .st = st};
	bool ok = copy_things(&c, "models", "", NULL) && copy_things(&c, "datasets", "", NULL) &&
		  copy_things(&c, "plans", "", &transfer->plans) && fill_plans(&c) && copy_things(&c, "plan_names", "", NULL) &&
		  copy_things(&c, "ugos", " id ", &transfer->ugos) && copy_things(&c, "questions", "", NULL) &&
		  copy_sessions(&c) && copy_commands(&c) && copy_runs(&c);

	map_done(&c.sessions);
	map_done(&c.commands);
	return ok;
}
