/* Questions to the notebook: SQL, lists of runs, single runs, plots. */
#include "ui/commands/commands.h"

#include "base/text.h"
#include "db/store.h"
#include "ui/output/answer.h"
#include "ui/output/chart_data.h"
#include "ui/shell/repl.h"
#include "ui/workbench/show.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct query_value
text_value(const char *text)
{
	return (struct query_value){.type = text ? QUERY_TEXT : QUERY_NULL, .text = text, .size = text ? strlen(text) : 0};
}

static struct query_value
number_value(int64_t number)
{
	return (struct query_value){.type = QUERY_INTEGER, .integer = number};
}

/* --- query ---------------------------------------------------------------- */

/* The question itself, or the saved one of this name; the caller frees. */
static char *
find_question(struct app *app, const char *text, struct status *st)
{
	char *saved = NULL;

	if (!text[strcspn(text, " \t\n(")] && !(saved = store_question(app->store, text, st)) && st->code == STATUS_OK)
		status_fail(st, STATUS_USAGE, "\"%s\" is neither SQL nor a saved question; type: query, for a list of these",
			    text);
	else if (!saved && st->code == STATUS_OK && !(saved = strdup(text)))
		status_nomem(st, "a question");
	return saved;
}

static bool
list_questions(struct app *app, struct status *st)
{
	struct query query = {.sql = "SELECT name, sql, created FROM questions ORDER BY name"};

	return answer_print(app, &query, 0, st);
}

static bool
check_name(const char *name, struct status *st)
{
	for (const char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("_-.", *p))
			return status_fail(st, STATUS_USAGE,
					   "query: a question's name has letters, digits, _, - and . only, not \"%s\"", name);
	return *name || status_fail(st, STATUS_USAGE, "query: a question's name is empty");
}

static bool
show_pane(struct app *app, struct status *st)
{
	app->table_open = true;
	if (app->capture)
		return true;
	if (repl_panes(app, st))
		return true;
	app->table_open = false;
	return false;
}

static bool
run_question(struct app *app, const struct call *call, const char *sql, struct status *st)
{
	struct query query = {.sql = sql, .timeout_seconds = call_real(call, "timeout", 0)};
	int limit = (int)call_int(call, "limit", ANSWER_ROWS);
	struct answer *a;

	if (!call_has(call, "pane"))
		return answer_print(app, &query, limit, st);
	if (!(a = answer_ask(app, &query, limit, st)))
		return false;
	answer_free(app->answer);
	app->answer = a;
	return show_pane(app, st);
}

bool
cmd_query(struct app *app, const struct call *call, struct status *st)
{
	const char *name = call_text(call, "save");
	char *sql;
	bool ok;

	if (call_has(call, "drop"))
		return store_question_drop(app->store, call_text(call, "drop"), st);
	if (call->args == 0)
		return name ? status_fail(st, STATUS_USAGE, "query: --save needs the question: query --save %s SELECT ...", name)
			    : list_questions(app, st);
	if ((name && !check_name(name, st)) || !(sql = find_question(app, call->arg[0], st)))
		return false;
	/* What does not work is not worth a name. */
	ok = run_question(app, call, sql, st) && (!name || store_question_save(app->store, name, sql, st));
	free(sql);
	return ok;
}

/* --- plot ----------------------------------------------------------------- */

static bool
print_plot(struct app *app, struct status *st)
{
	struct view_args args = {0};
	const struct view *view = view_find("plot", st);

	return view && show_print(app, view, &args, app->out, st);
}

static bool
plot_answer(struct app *app, const struct call *call, struct query *query, struct status *st)
{
	struct answer *a = answer_ask(app, query, 0, st);
	struct chart_data *chart = a ? chart_data_make(a, st) : NULL;

	answer_free(a);
	if (!chart)
		return false;
	chart->points = call_has(call, "points");
	chart->log_y = call_has(call, "log");
	chart_data_free(app->chart);
	app->chart = chart;
	return true;
}

bool
cmd_plot(struct app *app, const struct call *call, struct status *st)
{
	struct query query = {.timeout_seconds = call_real(call, "timeout", 0)};
	char *sql = find_question(app, call->arg[0], st);
	bool ok;

	if (!sql)
		return false;
	query.sql = sql;
	ok = plot_answer(app, call, &query, st);
	if (ok && (app->options.format == FORMAT_CSV || app->options.format == FORMAT_JSON))
		ok = answer_print(app, &query, 0, st);
	else
		ok = ok && print_plot(app, st);
	free(sql);
	return ok;
}

/* --- runs ----------------------------------------------------------------- */

/* "3d" or "12h" ago as the notebook writes times; else the text itself, which then
 * compares as a date. */
static const char *
since_when(const char *text, char out[32])
{
	char *end;
	double n = strtod(text, &end);
	time_t then;
	struct tm utc;

	if (end == text || (strcmp(end, "d") != 0 && strcmp(end, "h") != 0) || !(n >= 0 && n < 1e6))
		return text;
	then = time(NULL) - (time_t)(n * (*end == 'd' ? 86400 : 3600));
	if (!gmtime_r(&then, &utc))
		return text;
	strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &utc);
	return out;
}

/* The question of this name with one more condition. */
static char *
with_condition(const char *sql, const char *condition)
{
	const char *order = strstr(sql, " ORDER BY");

	return text_format("%.*s AND (\n%s\n)%s", (int)(order - sql), sql, condition, order);
}

bool
cmd_runs(struct app *app, const struct call *call, struct status *st)
{
	const char *since = call_text(call, "since"), *where = call_text(call, "where");
	char when[32];
	struct query_value params[] = {
	    number_value(call_arg_int(call, 0, 20)), text_value(call_text(call, "kind")),
	    text_value(call_text(call, "model")),    text_value(call_text(call, "status")),
	    text_value(call_text(call, "session")),  text_value(since ? since_when(since, when) : NULL)};
	char *sql = with_condition(query_named("runs")->sql, where ? where : "1");
	struct query query = {.sql = sql, .params = params, .param_count = sizeof(params) / sizeof(params[0])};
	bool ok = sql ? answer_print(app, &query, 0, st) : status_nomem(st, "a question");

	free(sql);
	return ok;
}

/* --- show ----------------------------------------------------------------- */

static struct answer *
ask_run(struct app *app, const char *name, int64_t run, struct status *st)
{
	struct query_value param = number_value(run);
	struct query query = {.sql = query_named(name)->sql, .params = &param, .param_count = 1};

	return answer_ask(app, &query, 0, st);
}

static bool
show_part(struct app *app, struct output *o, const char *name, int64_t run, struct status *st)
{
	struct answer *a = ask_run(app, name, run, st);

	if (a)
		answer_output(a, o, name);
	answer_free(a);
	return a != NULL;
}

static bool
show_head(struct app *app, struct output *o, int64_t run, struct status *st)
{
	struct answer *a = ask_run(app, "show", run, st);
	bool ok = a && (a->rows > 0 || status_fail(st, STATUS_USAGE, "there is no run %lld; type: runs", (long long)run));

	if (ok)
		answer_output_fields(a, o);
	answer_free(a);
	return ok;
}

/* The run that was recorded last, of this session or of any; 0: there is none. */
static int64_t
last_run(struct app *app)
{
	struct status none = {0};
	double last = 0;

	if (app->run > 0)
		return app->run;
	return answer_number(app, "SELECT max(id) FROM runs", NULL, 0, &last, &none) ? (int64_t)last : 0;
}

bool
cmd_show(struct app *app, const struct call *call, struct status *st)
{
	int64_t run = call->args > 0 ? call_arg_int(call, 0, 0) : last_run(app);
	struct output o;

	if (run == 0)
		return status_fail(st, STATUS_FAILED, "the notebook has no run yet; step, eval and others record them");
	output_init(&o);
	o.precision = 17;
	if (!show_head(app, &o, run, st) || !show_part(app, &o, "metrics", run, st) || !show_part(app, &o, "sites", run, st) ||
	    !show_part(app, &o, "tensors", run, st)) {
		output_done(&o);
		return false;
	}
	return output_print(&o, app->options.format, app->out, st);
}
