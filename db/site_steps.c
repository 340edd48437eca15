/* The virtual table site_steps: what step_spans packs, a row for each run, t and
 * site. It exists in connections of this program, not in the file. */
#include "db/store_internal.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	COLUMN_RUN,
	COLUMN_T,
	COLUMN_SITE,
	COLUMN_FIRST_VALUE, /* the values of struct record_site, in its order */
	COLUMN_LAST = COLUMN_FIRST_VALUE + SITE_VALUES
};

/* What is asked for: bits of idxNum, in the order of the arguments of filter(). */
enum { ASK_RUN = 1, ASK_T = 2, ASK_LAST = 4, ASKS = 8 };

static const char declaration[] =
    "CREATE TABLE x(run INTEGER, t INTEGER, site TEXT, rmse REAL, relative REAL, cosine REAL, rate REAL, events REAL, "
    "spikes REAL, alarms REAL, last HIDDEN)";

/* The names of a list of sites, cut out of its text. */
struct site_names {
	struct site_names *next;
	int64_t id;
	int count;
	char *text;
	char **name; /* [count] within text */
};

struct site_table {
	sqlite3_vtab base;
	sqlite3 *db;
	struct site_names *names; /* met so far: they never change */
};

struct site_cursor {
	sqlite3_vtab_cursor base;
	int asked; /* what span is prepared for; -1: not yet */
	sqlite3_stmt *span;
	sqlite3_blob *blob;
	bool end;
	int64_t rowid;
	int64_t t; /* asked for */
	int64_t run, first_t;
	int steps;
	const struct site_names *names;
	int step, last_step; /* being shown, and where to stop (exclusive) */
	int site;
	int64_t span_id;
	float *value; /* [names->count, SITE_VALUES] of the step, */
	int capacity; /* sites that fit */
	bool read;    /* once a value of it has been asked for */
};

static void
names_free(struct site_names *names)
{
	if (!names)
		return;
	free(names->text);
	free(names->name);
	free(names);
}

static struct site_names *
names_split(int64_t id, const char *text)
{
	struct site_names *names = calloc(1, sizeof(*names));
	int count = 1;

	for (const char *p = text; *p; p++)
		count += *p == '\n';
	if (!names || !(names->text = strdup(text)) || !(names->name = calloc((size_t)count, sizeof(*names->name)))) {
		names_free(names);
		return NULL;
	}
	names->id = id;
	for (char *rest = names->text; rest;)
		names->name[names->count++] = strsep(&rest, "\n");
	return names;
}

/* The list of this id. *rc: SQLITE_CORRUPT when there is none. */
static const struct site_names *
names_find(struct site_table *table, int64_t id, int *rc)
{
	struct site_names *names;
	sqlite3_stmt *s = NULL;

	for (names = table->names; names; names = names->next)
		if (names->id == id)
			return names;
	*rc = sqlite3_prepare_v2(table->db, "SELECT names FROM main.site_lists WHERE id = ?1", -1, &s, NULL);
	if (*rc == SQLITE_OK)
		*rc = sqlite3_bind_int64(s, 1, id);
	if (*rc == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(s, 0);

		names = text ? names_split(id, text) : NULL;
		*rc = names ? SQLITE_OK : SQLITE_NOMEM;
	} else if (*rc == SQLITE_OK)
		*rc = SQLITE_CORRUPT;
	sqlite3_finalize(s);
	if (names) {
		names->next = table->names;
		table->names = names;
	}
	return names;
}

/* --- what SQLite calls ---------------------------------------------------- */

static int
table_connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **out, char **error)
{
	struct site_table *table;
	int rc = sqlite3_declare_vtab(db, declaration);

	(void)aux;
	(void)argc;
	(void)argv;
	(void)error;
	if (rc != SQLITE_OK)
		return rc;
	/* The file's own views use it. */
	sqlite3_vtab_config(db, SQLITE_VTAB_INNOCUOUS);
	if (!(table = calloc(1, sizeof(*table))))
		return SQLITE_NOMEM;
	table->db = db;
	*out = &table->base;
	return SQLITE_OK;
}

static int
table_disconnect(sqlite3_vtab *base)
{
	struct site_table *table = (struct site_table *)base;

	for (struct site_names *n = table->names, *next; n; n = next) {
		next = n->next;
		names_free(n);
	}
	free(table);
	return SQLITE_OK;
}

static int
ask_bit(int column)
{
	return column == COLUMN_RUN ? ASK_RUN : column == COLUMN_T ? ASK_T : column == COLUMN_LAST ? ASK_LAST : 0;
}

/* Arguments go in the order of the bits, whatever the order of the constraints. */
static int
table_best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
	int at[ASKS] = {0}, arguments = 0;

	(void)base;
	for (int i = 0; i < info->nConstraint; i++) {
		int bit = ask_bit(info->aConstraint[i].iColumn);

		if (!bit || info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ)
			continue;
		if (!info->aConstraint[i].usable)
			return SQLITE_CONSTRAINT;
		at[bit] = i + 1;
	}
	for (int bit = 1; bit < ASKS; bit *= 2)
		if (at[bit]) {
			info->aConstraintUsage[at[bit] - 1].argvIndex = ++arguments;
			/* A t that is not whole has to be compared. */
			info->aConstraintUsage[at[bit] - 1].omit = bit != ASK_T;
			info->idxNum |= bit;
		}
	info->estimatedRows = info->idxNum & ASK_RUN ? (info->idxNum == ASK_RUN ? 2000 : 100) : 1000000;
	info->estimatedCost = (double)info->estimatedRows;
	return SQLITE_OK;
}

static int
cursor_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
	struct site_cursor *c = calloc(1, sizeof(*c));

	(void)base;
	if (!c)
		return SQLITE_NOMEM;
	c->asked = -1;
	*out = &c->base;
	return SQLITE_OK;
}

static int
cursor_close(sqlite3_vtab_cursor *base)
{
	struct site_cursor *c = (struct site_cursor *)base;

	sqlite3_blob_close(c->blob);
	sqlite3_finalize(c->span);
	free(c->value);
	free(c);
	return SQLITE_OK;
}

static int
prepare_span(struct site_cursor *c, int asked)
{
	static const char base[] =
	    "SELECT id, run_id, first_t, steps, site_list_id, length(data) FROM main.step_spans AS s WHERE 1";
	static const char last[] = " AND first_t = (SELECT max(first_t) FROM main.step_spans WHERE run_id = s.run_id)";
	struct site_table *table = (struct site_table *)c->base.pVtab;
	bool last_of_run = (asked & ASK_RUN) && (asked & ASK_LAST);
	char sql[400];

	if (c->asked == asked)
		return sqlite3_reset(c->span);
	sqlite3_finalize(c->span);
	c->span = NULL;
	snprintf(sql, sizeof(sql), "%s%s%s%s ORDER BY run_id, first_t%s", base, asked & ASK_RUN ? " AND run_id = ?1" : "",
		 asked & ASK_T ? " AND first_t <= ?2 AND first_t + steps > ?2" : "",
		 (asked & ASK_LAST) && !last_of_run ? last : "", last_of_run ? " DESC LIMIT 1" : "");
	c->asked = asked;
	return sqlite3_prepare_v2(table->db, sql, -1, &c->span, NULL);
}

static int
corrupt(struct site_cursor *c, const char *what)
{
	sqlite3_free(c->base.pVtab->zErrMsg);
	c->base.pVtab->zErrMsg = sqlite3_mprintf("the packed measurements of run %lld are damaged: %s", c->run, what);
	return SQLITE_CORRUPT;
}

static int
reserve_values(struct site_cursor *c)
{
	float *value;

	if (c->names->count <= c->capacity)
		return SQLITE_OK;
	value = realloc(c->value, (size_t)c->names->count * SITE_VALUES * sizeof(*value));
	if (!value)
		return SQLITE_NOMEM;
	c->value = value;
	c->capacity = c->names->count;
	return SQLITE_OK;
}

/* The step's values, when one is first asked for: who only counts does not need them. */
static int
read_step(struct site_cursor *c)
{
	struct site_table *table = (struct site_table *)c->base.pVtab;
	int bytes = c->names->count * SITE_VALUES * (int)sizeof(float), rc = reserve_values(c);

	if (rc == SQLITE_OK && c->blob)
		rc = sqlite3_blob_reopen(c->blob, c->span_id);
	else if (rc == SQLITE_OK)
		rc = sqlite3_blob_open(table->db, "main", "step_spans", "data", c->span_id, 0, &c->blob);
	if (rc == SQLITE_OK)
		rc = sqlite3_blob_read(c->blob, c->value, bytes, c->step * bytes);
	c->read = rc == SQLITE_OK;
	return rc;
}

/* Takes the span that the statement stands on: checks it, since anybody may have made the file. */
static int
take_span(struct site_cursor *c)
{
	int64_t bytes = sqlite3_column_int64(c->span, 5), step_bytes;
	int64_t steps = sqlite3_column_int64(c->span, 3);
	int rc = SQLITE_OK;

	c->span_id = sqlite3_column_int64(c->span, 0);
	c->run = sqlite3_column_int64(c->span, 1);
	c->first_t = sqlite3_column_int64(c->span, 2);
	c->names = names_find((struct site_table *)c->base.pVtab, sqlite3_column_int64(c->span, 4), &rc);
	if (!c->names)
		return rc == SQLITE_CORRUPT ? corrupt(c, "their sites are unknown") : rc;
	step_bytes = (int64_t)c->names->count * SITE_VALUES * (int64_t)sizeof(float);
	if (steps < 1 || bytes % step_bytes != 0 || bytes / step_bytes != steps)
		return corrupt(c, "they are not as long as they should be");
	if (c->first_t < 0 || c->first_t > INT_MAX - steps)
		return corrupt(c, "their first step is none");
	c->steps = (int)steps;
	return SQLITE_OK;
}

/* The steps of the span that are asked for: step .. last_step; false when there are none. */
static bool
choose_steps(struct site_cursor *c)
{
	c->step = c->asked & ASK_LAST ? c->steps - 1 : 0;
	c->last_step = c->steps;
	c->site = 0;
	c->read = false;
	if (!(c->asked & ASK_T))
		return true;
	if (c->t < c->first_t + c->step || c->t >= c->first_t + c->steps)
		return false;
	c->step = (int)(c->t - c->first_t);
	c->last_step = c->step + 1;
	return true;
}

static int
next_span(struct site_cursor *c)
{
	int rc;

	do {
		rc = sqlite3_step(c->span);
		c->end = rc != SQLITE_ROW;
		if (c->end)
			return rc == SQLITE_DONE ? SQLITE_OK : rc;
		if ((rc = take_span(c)) != SQLITE_OK)
			return rc;
	} while (!choose_steps(c));
	return SQLITE_OK;
}

static int
cursor_filter(sqlite3_vtab_cursor *base, int asked, const char *unused, int argc, sqlite3_value **argv)
{
	struct site_cursor *c = (struct site_cursor *)base;
	int rc = prepare_span(c, asked), at = 0;

	(void)unused;
	(void)argc;
	if (rc != SQLITE_OK)
		return rc;
	if (asked & ASK_RUN)
		sqlite3_bind_value(c->span, 1, argv[at++]);
	if (asked & ASK_T) {
		sqlite3_bind_value(c->span, 2, argv[at]);
		c->t = sqlite3_value_int64(argv[at++]);
	}
	c->end = (asked & ASK_LAST) && sqlite3_value_int(argv[at]) == 0;
	c->rowid = 0;
	return c->end ? SQLITE_OK : next_span(c);
}

static int
cursor_next(sqlite3_vtab_cursor *base)
{
	struct site_cursor *c = (struct site_cursor *)base;

	c->rowid++;
	if (++c->site < c->names->count)
		return SQLITE_OK;
	c->site = 0;
	c->read = false;
	return ++c->step < c->last_step ? SQLITE_OK : next_span(c);
}

static int
cursor_eof(sqlite3_vtab_cursor *base)
{
	return ((struct site_cursor *)base)->end;
}

static int
cursor_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
	struct site_cursor *c = (struct site_cursor *)base;
	int rc = SQLITE_OK;

	if (column == COLUMN_RUN)
		sqlite3_result_int64(context, c->run);
	else if (column == COLUMN_T)
		sqlite3_result_int64(context, c->first_t + c->step);
	else if (column == COLUMN_SITE)
		sqlite3_result_text(context, c->names->name[c->site], -1, SQLITE_STATIC);
	else if (column == COLUMN_LAST && (c->asked & ASK_LAST))
		sqlite3_result_int(context, 1);
	else if (column != COLUMN_LAST && (c->read || (rc = read_step(c)) == SQLITE_OK))
		/* NaN becomes NULL. */
		sqlite3_result_double(context, (double)c->value[c->site * SITE_VALUES + column - COLUMN_FIRST_VALUE]);
	return rc;
}

static int
cursor_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid)
{
	*rowid = ((struct site_cursor *)base)->rowid;
	return SQLITE_OK;
}

static const sqlite3_module site_steps_module = {.xConnect = table_connect,
						 .xBestIndex = table_best_index,
						 .xDisconnect = table_disconnect,
						 .xOpen = cursor_open,
						 .xClose = cursor_close,
						 .xFilter = cursor_filter,
						 .xNext = cursor_next,
						 .xEof = cursor_eof,
						 .xColumn = cursor_column,
						 .xRowid = cursor_rowid};

int
site_steps_register(sqlite3 *db)
{
	int rc = sqlite3_create_module(db, "site_steps", &site_steps_module, NULL);

	/* Declared when it is first used, which a question's authorizer would take for a
	 * change of the schema. */
	return rc == SQLITE_OK ? sql_number(db, "SELECT 1 FROM site_steps LIMIT 0", NULL) : rc;
}
