#include "ui/output/answer.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static bool
cancelled(void *ctx)
{
	struct app *app = ctx;

	if (app->poll)
		app->poll(app->poll_ctx, "query", 0, 0);
	return atomic_load(&app->cancel);
}

static bool
ask(struct app *app, struct query *query, const struct query_output *output, struct status *st)
{
	query->cancelled = cancelled;
	query->cancel_ctx = app;
	return query_run(app->store, query, output, st);
}

/* --- reading -------------------------------------------------------------- */

struct reading {
	struct answer *answer;
	int limit, capacity;
	bool failed; /* out of memory */
};

/* Two columns of one name must stay two: "n", "n_2". */
static char *
column_name(const struct answer *a, int columns, const char *name)
{
	char tried[300];

	for (int copy = 1;; copy++) {
		bool taken = false;

		snprintf(tried, sizeof(tried), copy == 1 ? "%.250s" : "%.250s_%d", name, copy);
		for (int i = 0; i < columns; i++)
			taken = taken || strcmp(a->name[i], tried) == 0;
		if (!taken)
			return strdup(tried);
	}
}

static bool
read_columns(void *ctx, int count, const char *const *names)
{
	struct reading *r = ctx;
	struct answer *a = r->answer;

	a->name = calloc((size_t)count, sizeof(*a->name));
	r->failed = !a->name;
	for (int i = 0; !r->failed && i < count; i++) {
		r->failed = !(a->name[i] = column_name(a, i, names[i]));
		a->columns += !r->failed;
	}
	return !r->failed;
}

static bool
read_cell(struct answer_cell *cell, const struct query_value *v)
{
	*cell = (struct answer_cell){.type = v->type, .integer = v->integer, .real = v->real};
	if (v->type == QUERY_TEXT)
		cell->text = strdup(v->text);
	else if (v->type == QUERY_BLOB)
		cell->text = text_format("(blob, %zu bytes)", v->size);
	return cell->text || (v->type != QUERY_TEXT && v->type != QUERY_BLOB);
}

static bool
reserve(struct reading *r)
{
	struct answer *a = r->answer;
	int capacity = r->capacity ? 2 * r->capacity : 64;
	struct answer_cell *cell;

	if (a->rows < r->capacity)
		return true;
	if (!(cell = realloc(a->cell, (size_t)capacity * (size_t)a->columns * sizeof(*cell))))
		return false;
	a->cell = cell;
	r->capacity = capacity;
	return true;
}

static bool
read_row(void *ctx, int count, const struct query_value *values)
{
	struct reading *r = ctx;
	struct answer *a = r->answer;
	struct answer_cell *row;

	if (a->rows == r->limit) {
		a->more = true;
		return false;
	}
	if ((r->failed = !reserve(r)))
		return false;
	row = a->cell + (size_t)a->rows * (size_t)a->columns;
	for (int i = 0; i < count; i++)
		r->failed = !read_cell(&row[i], &values[i]) || r->failed;
	a->rows++;
	return !r->failed;
}

struct answer *
answer_ask(struct app *app, struct query *query, int limit, struct status *st)
{
	struct reading r = {.answer = calloc(1, sizeof(*r.answer)), .limit = limit > 0 ? limit : ANSWER_ROWS_MAX};
	bool ok = r.answer && ask(app, query, &(struct query_output){read_columns, read_row, &r}, st);

	if (!r.answer || r.failed)
		ok = status_nomem(st, "an answer");
	if (ok) {
		r.answer->order = malloc(((size_t)r.answer->rows + 1) * sizeof(int));
		ok = r.answer->order || status_nomem(st, "an answer");
	}
	if (!ok) {
		answer_free(r.answer);
		return NULL;
	}
	answer_sort(r.answer, -1, false);
	return r.answer;
}

void
answer_free(struct answer *a)
{
	if (!a)
		return;
	for (size_t i = 0; a->cell && i < (size_t)a->rows * (size_t)a->columns; i++)
		free(a->cell[i].text);
	for (int i = 0; a->name && i < a->columns; i++)
		free(a->name[i]);
	free(a->cell);
	free(a->name);
	free(a->order);
	free(a);
}

/* --- looking -------------------------------------------------------------- */

const struct answer_cell *
answer_at(const struct answer *a, int row, int column)
{
	return &a->cell[(size_t)a->order[row] * (size_t)a->columns + (size_t)column];
}

int
answer_column(const struct answer *a, const char *name)
{
	for (int i = 0; i < a->columns; i++)
		if (strcmp(a->name[i], name) == 0)
			return i;
	return -1;
}

/* Numbers, then texts, then what is not there. */
static int
cell_rank(const struct answer_cell *c)
{
	return c->type == QUERY_NULL ? 2 : c->text ? 1 : 0;
}

static double
cell_number(const struct answer_cell *c)
{
	return c->type == QUERY_INTEGER ? (double)c->integer : c->real;
}

static int
cell_compare(const struct answer_cell *a, const struct answer_cell *b, bool descending)
{
	int rank = cell_rank(a) - cell_rank(b), by = 0;

	if (rank != 0)
		return rank;
	if (a->text)
		by = strcmp(a->text, b->text);
	else if (a->type != QUERY_NULL)
		by = (cell_number(a) > cell_number(b)) - (cell_number(a) < cell_number(b));
	return descending ? -by : by;
}

static int
order_compare(const void *x, const void *y, void *ctx)
{
	const struct answer *a = ctx;
	int i = *(const int *)x, j = *(const int *)y, by = 0;

	if (a->sorted_by >= 0)
		by = cell_compare(&a->cell[(size_t)i * (size_t)a->columns + (size_t)a->sorted_by],
				  &a->cell[(size_t)j * (size_t)a->columns + (size_t)a->sorted_by], a->descending);
	return by ? by : i - j;
}

void
answer_sort(struct answer *a, int column, bool descending)
{
	a->sorted_by = column < a->columns ? column : -1;
	a->descending = descending;
	for (int i = 0; i < a->rows; i++)
		a->order[i] = i;
	qsort_r(a->order, (size_t)a->rows, sizeof(*a->order), order_compare, a);
}

char *
answer_text(const struct answer *a, const struct answer_cell *cell, int column, char *out, size_t size)
{
	if (cell->text)
		return text_escape(cell->text, out, size);
	if (cell->type == QUERY_REAL)
		return output_human(a->name[column], cell->real, out, size);
	if (cell->type == QUERY_INTEGER)
		snprintf(out, size, "%lld", (long long)cell->integer);
	else
		snprintf(out, size, "-");
	return out;
}

/* --- printing ------------------------------------------------------------- */

static void
output_cell(struct output *o, const char *name, const struct answer_cell *c)
{
	if (c->text)
		output_text(o, name, c->text);
	else if (c->type == QUERY_INTEGER)
		output_int(o, name, c->integer);
	else if (c->type == QUERY_REAL)
		output_real(o, name, c->real);
	else
		output_null(o, name);
}

static void
output_cells(const struct answer *a, struct output *o, int row)
{
	for (int i = 0; i < a->columns; i++)
		output_cell(o, a->name[i], answer_at(a, row, i));
}

void
answer_output(const struct answer *a, struct output *o, const char *key)
{
	output_table(o, key);
	for (int row = 0; row < a->rows; row++) {
		output_row(o);
		output_cells(a, o, row);
	}
	output_end(o);
}

void
answer_output_fields(const struct answer *a, struct output *o)
{
	if (a->rows > 0)
		output_cells(a, o, 0);
}

/* Rows passed on as they come: each is a table of one row whose frame is left out. */
struct stream {
	struct app *app;
	struct reading head; /* for its columns alone */
	long rows;
};

static bool
stream_columns(void *ctx, int count, const char *const *names)
{
	struct stream *s = ctx;

	if (!read_columns(&s->head, count, names))
		return false;
	if (s->app->options.format == FORMAT_JSON)
		fputs("{\"rows\":[", s->app->out);
	else
		output_csv_line(s->app->out, count, (const char *const *)s->head.answer->name);
	return true;
}

static bool
stream_row(void *ctx, int count, const struct query_value *values)
{
	struct stream *s = ctx;
	struct status st = {0};
	struct output o;
	bool ok = true;

	output_init(&o);
	o.precision = 17;
	for (int i = 0; i < count && ok; i++) {
		struct answer_cell cell;

		ok = read_cell(&cell, &values[i]);
		if (ok)
			output_cell(&o, s->head.answer->name[i], &cell);
		free(cell.text);
	}
	if (s->app->options.format == FORMAT_JSON && s->rows > 0)
		fputc(',', s->app->out);
	s->rows++;
	s->head.failed = !output_print_row(&o, s->app->options.format, s->app->out, &st) || !ok;
	return !s->head.failed && !ferror(s->app->out);
}

static bool
stream_print(struct app *app, struct query *query, struct status *st)
{
	struct stream s = {.app = app, .head = {.answer = calloc(1, sizeof(*s.head.answer))}};
	bool ok = s.head.answer && ask(app, query, &(struct query_output){stream_columns, stream_row, &s}, st);

	if (!s.head.answer || s.head.failed)
		ok = status_nomem(st, "an answer");
	/* What was begun stays a document that can be read. */
	if (s.head.answer && s.head.answer->columns > 0 && app->options.format == FORMAT_JSON)
		fputs(ok ? "]}\n" : "],\"complete\":false}\n", app->out);
	answer_free(s.head.answer);
	return ok;
}

bool
answer_print(struct app *app, struct query *query, int limit, struct status *st)
{
	struct answer *a;
	struct output o;
	bool ok;

	if (app->options.format == FORMAT_JSON || app->options.format == FORMAT_CSV)
		return stream_print(app, query, st);
	if (!(a = answer_ask(app, query, limit, st)))
		return false;
	output_init(&o);
	answer_output(a, &o, "rows");
	ok = output_print(&o, app->options.format, app->out, st);
	if (a->rows == 0)
		app_say(app, "no rows");
	if (a->more)
		app_say(app, "the first %d rows; there are more: narrow it with WHERE, or give --limit N", a->rows);
	answer_free(app->answer);
	app->answer = a;
	return ok;
}

bool
answer_number(struct app *app, const char *sql, const struct query_value *params, int count, double *out, struct status *st)
{
	struct query query = {.sql = sql, .params = params, .param_count = count};
	struct answer *a = answer_ask(app, &query, 1, st);
	bool found = a && a->rows > 0 && a->columns > 0 && cell_rank(&a->cell[0]) == 0;

	if (found)
		*out = cell_number(&a->cell[0]);
	answer_free(a);
	return found;
}
