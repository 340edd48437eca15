/* What differs between runs: in how they were made, in their plans, in their results. */
#include "ui/commands/commands.h"

#include "base/text.h"
#include "db/store.h"
#include "ui/output/answer.h"
#include "ui/output/chart_data.h"
#include "ui/workbench/show.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COMPARE_MAX = 8, ROWS_FOR_PEOPLE = 20, CHART_ROWS = 16 };

struct compared {
	struct app *app;
	int64_t run[COMPARE_MAX];
	char name[COMPARE_MAX][24]; /* how columns call it */
	json_t *plan[COMPARE_MAX];  /* JSON null when it has none */
	int count;
	bool of_plans; /* plans of the notebook, not runs */
	struct output o;
	int rows, hidden; /* of the table of differences */
};

/* --- which ---------------------------------------------------------------- */

/* One word of the command: a run by its number. */
static bool
find_run(struct app *app, const char *word, int64_t *run, struct status *st)
{
	struct query_value param = {.type = QUERY_INTEGER};
	double found;
	long number;

	if (!value_int(word, 1, 9e15, &number))
		return status_fail(st, STATUS_USAGE,
				   "compare: \"%s\" is not the number of a run, and runs are not compared with plans; type: runs",
				   word);
	param.integer = *run = number;
	return answer_number(app, "SELECT id FROM runs WHERE id = ?1", &param, 1, &found, st) ||
	       status_fail(st, STATUS_USAGE, "there is no run %ld; type: runs", number);
}

static char *
ask_text(struct app *app, const char *sql, int64_t run, struct status *st)
{
	struct query_value param = {.type = QUERY_INTEGER, .integer = run};
	struct query query = {.sql = sql, .params = &param, .param_count = 1};
	struct answer *a = answer_ask(app, &query, 1, st);
	char *text = a && a->rows > 0 && a->cell[0].text ? strdup(a->cell[0].text) : NULL;

	answer_free(a);
	return text;
}

/* Plans by name or by the beginning of their hash. */
static bool
read_plans(struct compared *c, const struct call *call, struct status *st)
{
	for (int i = 0; i < call->args; i++) {
		char hash[HASH_HEX], *json = plan_description(c->app, call->arg[i], hash, st);

		if (!json)
			return false;
		snprintf(c->name[i], sizeof(c->name[i]), "%s", call->arg[i]);
		c->plan[c->count++] = json_loads(json, 0, NULL);
		free(json);
		if (!c->plan[i])
			return status_fail(st, STATUS_DATA, "the description of plan %.12s is damaged; type: db check", hash);
	}
	return true;
}

static bool
read_compared(struct compared *c, const struct call *call, struct status *st)
{
	long number;

	if (call->args < 2 || call->args > COMPARE_MAX)
		return status_fail(st, STATUS_USAGE, "compare: name two to %d runs or plans", COMPARE_MAX);
	c->of_plans = !value_int(call->arg[0], 1, 9e15, &number);
	if (c->of_plans)
		return read_plans(c, call, st);
	for (int i = 0; i < call->args; i++) {
		char *plan;

		if (!find_run(c->app, call->arg[i], &c->run[i], st))
			return false;
		snprintf(c->name[i], sizeof(c->name[i]), "run_%lld", (long long)c->run[i]);
		plan = ask_text(c->app, "SELECT p.json FROM runs AS r JOIN plans AS p ON p.hash = r.plan_hash WHERE r.id = ?1",
				c->run[i], st);
		c->plan[c->count++] = plan ? json_loads(plan, 0, NULL) : json_null();
		free(plan);
	}
	return st->code == STATUS_OK;
}

/* --- differences ---------------------------------------------------------- */

static bool
all_equal(json_t *const *value, int count)
{
	for (int i = 1; i < count; i++)
		if (value[0] != value[i] && !(value[0] && value[i] && json_equal(value[0], value[i])))
			return false;
	return true;
}

/* A row of the table; takes no references. */
static void
add_difference(struct compared *c, const char *what, json_t *const *value)
{
	if (c->app->options.format != FORMAT_JSON && c->app->options.format != FORMAT_CSV && c->rows == ROWS_FOR_PEOPLE) {
		c->hidden++;
		return;
	}
	c->rows++;
	output_row(&c->o);
	output_text(&c->o, "what", what);
	for (int i = 0; i < c->count; i++)
		output_json(&c->o, c->name[i], value[i] ? json_incref(value[i]) : json_null());
}

static void walk_values(struct compared *c, const char *path, json_t *const *value);

static void
walk_objects(struct compared *c, const char *path, json_t *const *value)
{
	const char *key;
	json_t *first, *keys = json_object();

	for (int i = 0; keys && i < c->count; i++)
		json_object_update_missing(keys, value[i]);
	json_object_foreach(keys, key, first)
	{
		json_t *part[COMPARE_MAX];
		char *longer = text_format("%s%s%s", path, *path ? "." : "", key);

		for (int i = 0; i < c->count; i++)
			part[i] = json_object_get(value[i], key);
		if (longer)
			walk_values(c, longer, part);
		free(longer);
	}
	json_decref(keys);
}

/* Sites are known by their names, whatever their place in the list. */
static json_t *
by_site(const json_t *list)
{
	json_t *out = json_object(), *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		const char *site = json_string_value(json_object_get(item, "site"));

		if (!site || json_object_set(out, site, item) != 0) {
			json_decref(out);
			return NULL;
		}
	}
	return out;
}

static bool
walk_sites(struct compared *c, json_t *const *value)
{
	json_t *sites[COMPARE_MAX] = {0};
	bool named = true;

	for (int i = 0; i < c->count; i++)
		named = (sites[i] = by_site(value[i])) && named;
	if (named)
		walk_objects(c, "", sites);
	for (int i = 0; i < c->count; i++)
		json_decref(sites[i]);
	return named;
}

static void
walk_values(struct compared *c, const char *path, json_t *const *value)
{
	bool objects = true, arrays = true;

	if (all_equal(value, c->count))
		return;
	for (int i = 0; i < c->count; i++) {
		objects = objects && json_is_object(value[i]);
		arrays = arrays && json_is_array(value[i]);
	}
	if (objects)
		walk_objects(c, path, value);
	else if (!arrays || strcmp(path, "sites") != 0 || !walk_sites(c, value))
		add_difference(c, path, value);
}

/* The settings of the runs as JSON objects, a question each. */
static bool
compare_settings(struct compared *c, struct status *st)
{
	static const char sql[] = "SELECT json_object('kind', kind, 'command', command, 'model', model, 'recipe', recipe, 'T', "
				  "T, 'data', data, 'seed', "
				  "seed, 'threads', threads, 'version', version, 'host', host, 'status', status, 'model_hash', "
				  "model_hash, 'plan_hash', "
				  "plan_hash, 'dataset_hash', dataset_hash) FROM v_runs WHERE run = ?1";
	json_t *value[COMPARE_MAX] = {0};
	bool ok = true;

	for (int i = 0; i < c->count; i++) {
		char *text = ask_text(c->app, sql, c->run[i], st);

		value[i] = text ? json_loads(text, 0, NULL) : NULL;
		ok = ok && value[i];
		free(text);
	}
	if (ok)
		walk_objects(c, "", value);
	for (int i = 0; i < c->count; i++)
		json_decref(value[i]);
	return ok || status_fail(st, STATUS_DATA, "the settings of these runs cannot be read; type: db check");
}

static bool
compare_plans(struct compared *c)
{
	for (int i = 0; i < c->count; i++)
		if (!json_is_object(c->plan[i]))
			return false;
	walk_objects(c, "", c->plan);
	return true;
}

/* --- results -------------------------------------------------------------- */

/* The list "12,14" for IN (...). */
static void
run_list(const struct compared *c, char *out, size_t size)
{
	size_t at = 0;

	for (int i = 0; i < c->count; i++)
		at += (size_t)snprintf(out + at, size - at, "%s%lld", i ? "," : "", (long long)c->run[i]);
}

/* A column for each run, and with two runs the difference. For people the last t that
 * all have is enough, or else the last that any has. */
static char *
results_question(const struct compared *c)
{
	static const char last[] = " WHERE t = (SELECT t FROM m AS o WHERE o.name = m.name ORDER BY runs DESC, t DESC LIMIT 1)";
	bool all = c->app->options.format == FORMAT_JSON || c->app->options.format == FORMAT_CSV;
	char list[256], columns[1024] = "", names[300] = "", difference[200] = "";
	size_t at = 0, named = 0;

	run_list(c, list, sizeof(list));
	for (int i = 0; i < c->count; i++) {
		at += (size_t)snprintf(columns + at, sizeof(columns) - at, ", max(CASE run_id WHEN %lld THEN value END) AS %s",
				       (long long)c->run[i], c->name[i]);
		named += (size_t)snprintf(names + named, sizeof(names) - named, ", %s", c->name[i]);
	}
	if (c->count == 2)
		snprintf(difference, sizeof(difference), ", %s - %s AS difference", c->name[1], c->name[0]);
	return text_format(
	    "WITH m AS (SELECT name, t, count(value) AS runs%s FROM run_metrics WHERE run_id IN (%s) GROUP BY name, t) "
	    "SELECT name, t%s%s FROM m%s",
	    columns, list, names, difference, all ? "" : last);
}

static bool
compare_results(struct compared *c, struct status *st)
{
	char *sql = results_question(c);
	struct query query = {.sql = sql};
	struct answer *a = sql ? answer_ask(c->app, &query, 0, st) : NULL;

	if (!sql)
		status_nomem(st, "a question");
	if (a)
		answer_output(a, &c->o, "results");
	answer_free(a);
	free(sql);
	return a != NULL;
}

/* --- the view ------------------------------------------------------------- */

static const char best_name[] =
    "SELECT name FROM run_metrics WHERE run_id IN (%s) AND t > 0 AND name NOT LIKE '%%seconds' GROUP BY name "
    "ORDER BY min(value) < max(value) DESC, name = 'accuracy' DESC, name = 'logit_rmse' DESC, count(DISTINCT run_id) DESC, "
    "count(*) DESC LIMIT 1";

/* The curves of what the runs measured over time, if they did. */
static bool
make_chart(struct compared *c, struct status *st)
{
	char list[256], *sql, *name;
	struct query query = {0};
	struct answer *a = NULL;
	struct chart_data *chart = NULL;

	run_list(c, list, sizeof(list));
	sql = text_format(best_name, list);
	name = sql ? ask_text(c->app, sql, 0, st) : NULL;
	free(sql);
	if (!name)
		return false;
	sql =
	    text_format("SELECT t, value AS \"%s\", 'run ' || run_id FROM run_metrics WHERE run_id IN (%s) AND t > 0 AND name = "
			"'%s' ORDER BY run_id, t",
			name, list, name);
	query.sql = sql;
	if (sql && !strpbrk(name, "\"'") && (a = answer_ask(c->app, &query, 0, st)))
		chart = chart_data_make(a, st);
	answer_free(a);
	free(sql);
	free(name);
	if (!chart)
		return false;
	chart_data_free(c->app->chart);
	c->app->chart = chart;
	return true;
}

static bool
draw_chart(struct compared *c, struct status *st)
{
	const struct view *view = view_find("plot", st);
	struct options *options = &c->app->options;
	struct view_args args = {0};
	int columns = options->columns, rows = options->rows;
	bool ok;

	app_size(c->app, &options->columns, &options->rows);
	if (options->rows > CHART_ROWS)
		options->rows = CHART_ROWS;
	ok = view && show_print(c->app, view, &args, c->app->out, st);
	options->columns = columns;
	options->rows = rows;
	return ok;
}

bool
cmd_compare(struct app *app, const struct call *call, struct status *st)
{
	struct compared c = {.app = app};
	struct status none = {0};
	bool ok, chart;

	output_init(&c.o);
	c.o.precision = 17;
	ok = read_compared(&c, call, st);
	if (ok) {
		output_table(&c.o, "differences");
		ok = c.of_plans || compare_settings(&c, st);
		compare_plans(&c);
		output_end(&c.o);
		ok = ok && (c.of_plans || compare_results(&c, st));
	}
	chart = ok && !c.of_plans && make_chart(&c, &none);
	if (ok)
		ok = output_print(&c.o, app->options.format, app->out, st);
	else
		output_done(&c.o);
	if (ok && c.hidden > 0)
		app_say(app, "%d more differences; see them with: set format json", c.hidden);
	if (ok && chart && app->options.format == FORMAT_TABLE)
		ok = draw_chart(&c, st);
	for (int i = 0; i < c.count; i++)
		json_decref(c.plan[i]);
	return ok;
}
