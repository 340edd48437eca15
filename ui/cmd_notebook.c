/* Sessions, runs and questions to the notebook. */
#include "ui/commands.h"

#include "db/query.h"
#include "db/store.h"

#include <stdlib.h>
#include <string.h>

/* --- answers as output ---------------------------------------------------- */

enum { ANSWER_COLUMNS = 100 };

struct answer {
	struct app *app;
	struct output *o;
	char *name[ANSWER_COLUMNS];
	int columns, rows;
	bool fields; /* the only row goes to the object itself */
};

static void
answer_done(struct answer *a)
{
	for (int i = 0; i < a->columns; i++)
		free(a->name[i]);
	a->columns = 0;
}

/* Two columns of one name must stay two: "n", "n_2". */
static char *
column_name(const struct answer *a, const char *name)
{
	char tried[300];

	for (int copy = 1;; copy++) {
		bool taken = false;

		snprintf(tried, sizeof(tried), copy == 1 ? "%.250s" : "%.250s_%d", name, copy);
		for (int i = 0; i < a->columns; i++)
			taken = taken || (a->name[i] && strcmp(a->name[i], tried) == 0);
		if (!taken)
			return strdup(tried);
	}
}

static bool
answer_columns(void *ctx, int count, const char *const *names)
{
	struct answer *a = ctx;

	while (a->columns < count && a->columns < ANSWER_COLUMNS) {
		char *name = column_name(a, names[a->columns]);

		a->name[a->columns++] = name;
		a->o->failed = a->o->failed || !name;
	}
	return !a->o->failed;
}

static void
answer_value(struct output *o, const char *name, const struct query_value *v)
{
	char blob[48];

	switch (v->type) {
	case QUERY_INTEGER:
		output_int(o, name, v->integer);
		break;
	case QUERY_REAL:
		output_real(o, name, v->real);
		break;
	case QUERY_TEXT:
		output_text(o, name, v->text);
		break;
	case QUERY_BLOB:
		snprintf(blob, sizeof(blob), "(blob, %zu bytes)", v->size);
		output_text(o, name, blob);
		break;
	default:
		output_null(o, name);
	}
}

static bool
answer_row(void *ctx, int count, const struct query_value *values)
{
	struct answer *a = ctx;

	a->rows++;
	if (!a->fields)
		output_row(a->o);
	for (int i = 0; i < count && i < a->columns; i++)
		answer_value(a->o, a->name[i], &values[i]);
	return !a->o->failed;
}

static bool
cancelled(void *ctx)
{
	struct app *app = ctx;

	if (app->poll)
		app->poll(app->poll_ctx, "query", 0, 0);
	return atomic_load(&app->cancel);
}

/* Asks, adding a table of this key to o (or its fields). */
static bool
ask(struct answer *a, const char *key, struct query *query, struct status *st)
{
	query->cancelled = cancelled;
	query->cancel_ctx = a->app;
	if (!a->fields)
		output_table(a->o, key);
	return query_run(a->app->store, query, &(struct query_output){answer_columns, answer_row, a}, st);
}

static void
csv_heads(const struct answer *a)
{
	for (int i = 0; i < a->columns; i++)
		fprintf(a->app->out, "%s%s", a->name[i], i + 1 < a->columns ? "," : "\n");
}

/* Asks one question and prints its rows. */
static bool
ask_and_print(struct app *app, struct query *query, struct status *st)
{
	struct output o;
	struct answer a = {.app = app, .o = &o};
	bool ok;

	output_init(&o);
	o.precision = 17;
	ok = ask(&a, "rows", query, st);
	output_end(&o);
	if (!ok)
		output_done(&o);
	else if (a.rows == 0 && app->options.format == FORMAT_CSV) {
		csv_heads(&a);
		output_done(&o);
	} else {
		ok = output_print(&o, app->options.format, app->out, st);
		if (a.rows == 0 && app->options.format != FORMAT_JSON)
			app_say(app, "no rows");
	}
	answer_done(&a);
	return ok;
}

/* --- query, runs, show ---------------------------------------------------- */

bool
cmd_query(struct app *app, const struct call *call, struct status *st)
{
	struct query query = {.sql = call->arg[0]};

	return ask_and_print(app, &query, st);
}

bool
cmd_runs(struct app *app, const struct call *call, struct status *st)
{
	const char *kind = call_text(call, "kind"), *status = call_text(call, "status");
	struct query_value params[6] = {{.type = QUERY_INTEGER, .integer = call_arg_int(call, 0, 20)}};
	struct query query = {.sql = query_named("runs")->sql, .params = params, .param_count = 6};

	if (kind)
		params[1] = (struct query_value){.type = QUERY_TEXT, .text = kind, .size = strlen(kind)};
	if (status)
		params[3] = (struct query_value){.type = QUERY_TEXT, .text = status, .size = strlen(status)};
	return ask_and_print(app, &query, st);
}

static bool
show_part(struct app *app, struct output *o, const char *name, int64_t run, bool fields, int *rows, struct status *st)
{
	struct answer a = {.app = app, .o = o, .fields = fields};
	struct query_value param = {.type = QUERY_INTEGER, .integer = run};
	struct query query = {.sql = query_named(name)->sql, .params = &param, .param_count = 1};
	bool ok = ask(&a, name, &query, st);

	output_end(o);
	*rows = a.rows;
	answer_done(&a);
	return ok;
}

bool
cmd_show(struct app *app, const struct call *call, struct status *st)
{
	int64_t run = call_arg_int(call, 0, (long)app->run);
	struct output o;
	int rows;
	bool ok;

	output_init(&o);
	o.precision = 17;
	ok = show_part(app, &o, "show", run, true, &rows, st);
	if (ok && rows == 0)
		ok = status_fail(st, STATUS_FAILED, "there is no run %lld; type: runs", (long long)run);
	ok = ok && show_part(app, &o, "metrics", run, false, &rows, st) && show_part(app, &o, "sites", run, false, &rows, st);
	if (!ok) {
		output_done(&o);
		return false;
	}
	return output_print(&o, app->options.format, app->out, st);
}

/* --- sessions ------------------------------------------------------------- */

static bool
enter_session(struct app *app, int64_t session, struct status *st)
{
	struct output o;

	if (!session)
		return false;
	app->session = session;
	output_init(&o);
	output_int(&o, "session", session);
	return output_print(&o, app->options.format, app->out, st);
}

bool
cmd_session_new(struct app *app, const struct call *call, struct status *st)
{
	return enter_session(app, store_session_new(app->store, call->args ? call->arg[0] : NULL, st), st);
}

bool
cmd_session_open(struct app *app, const struct call *call, struct status *st)
{
	return enter_session(app, store_session_open(app->store, call->arg[0], st), st);
}

bool
cmd_session_note(struct app *app, const struct call *call, struct status *st)
{
	return store_session_note(app->store, app->session, call->arg[0], st);
}

static bool
session_row(void *ctx, const struct record_session *s)
{
	struct answer *a = ctx;

	output_row(a->o);
	output_int(a->o, "session", s->id);
	output_text(a->o, "name", s->name);
	output_text(a->o, "created", s->created);
	output_int(a->o, "commands", s->commands);
	output_int(a->o, "runs", s->runs);
	output_bool(a->o, "open", s->id == a->app->session);
	output_text(a->o, "note", s->note);
	return true;
}

bool
cmd_session_list(struct app *app, const struct call *call, struct status *st)
{
	struct output o;
	struct answer a = {.app = app, .o = &o};

	(void)call;
	output_init(&o);
	output_table(&o, "sessions");
	if (!store_session_list(app->store, session_row, &a, st)) {
		output_done(&o);
		return false;
	}
	output_end(&o);
	return output_print(&o, app->options.format, app->out, st);
}
