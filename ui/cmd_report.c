/* A report of a run or a session: one file that needs no other. */
#include "ui/commands.h"

#include "base/text.h"
#include "db/store.h"
#include "ui/answer.h"
#include "ui/chart_data.h"
#include "ui/document.h"
#include "ui/findings.h"
#include "ui/state.h"
#include "ui/view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WIDE = 100, STEPS_MOST = 64 };

/* What is reported: a run, or a session with its last run that has a plan. */
struct report {
	struct app *app;
	struct document *d;
	struct canvas_style style; /* of pictures: Markdown has them as text */
	int64_t run;               /* 0: of a session */
	int64_t session;           /* whose commands are told; 0: none */
	int64_t subject;           /* the run whose plan is described; 0: none */
	char plan[HASH_HEX], model[HASH_HEX];
	char kind[40];
};

static struct query_value
number_value(int64_t number)
{
	return (struct query_value){.type = QUERY_INTEGER, .integer = number};
}

static struct query_value
text_value(const char *text)
{
	return (struct query_value){.type = QUERY_TEXT, .text = text, .size = strlen(text)};
}

/* Asks with one value. */
static struct answer *
ask(struct report *r, const char *sql, struct query_value value, struct status *st)
{
	return answer_ask(r->app, &(struct query){.sql = sql, .params = &value, .param_count = 1}, 0, st);
}

/* The rows as a table; `otherwise` when there are none. */
static bool
put_table(struct report *r, const char *sql, struct query_value value, const char *otherwise, struct status *st)
{
	struct answer *a = ask(r, sql, value, st);

	if (!a)
		return false;
	if (a->rows > 0)
		document_table(r->d, a);
	else if (otherwise)
		document_text(r->d, "%s", otherwise);
	answer_free(a);
	return true;
}

static int64_t
find_number(struct report *r, const char *sql, struct query_value value, struct status *st)
{
	double number = 0;

	return answer_number(r->app, sql, &value, 1, &number, st) ? (int64_t)number : 0;
}

/* --- what it is about ----------------------------------------------------- */

static bool
read_subject(struct report *r, struct status *st)
{
	static const char sql[] =
	    "SELECT kind, coalesce(plan_hash, ''), coalesce(model_hash, ''), coalesce(session_id, 0) FROM runs WHERE id = ?1";
	struct answer *a = ask(r, sql, number_value(r->subject), st);

	if (!a)
		return false;
	if (a->rows == 0) {
		answer_free(a);
		return status_fail(st, STATUS_USAGE, "there is no run %lld; type: runs", (long long)r->subject);
	}
	snprintf(r->kind, sizeof(r->kind), "%s", a->cell[0].text);
	snprintf(r->plan, sizeof(r->plan), "%s", a->cell[1].text);
	snprintf(r->model, sizeof(r->model), "%s", a->cell[2].text);
	r->session = r->session ? r->session : a->cell[3].integer;
	answer_free(a);
	return true;
}

/* A number is a run; another word a session, of which the last run that measured a plan
 * counts, or else the last with a plan. */
static bool
find_subject(struct report *r, const char *text, struct status *st)
{
	long number;

	if (value_int(text, 1, 9e15, &number)) {
		r->run = r->subject = number;
		return read_subject(r, st);
	}
	r->session = store_session_open(r->app->store, text, st);
	if (!r->session)
		return false;
	r->subject = find_number(r,
				 "SELECT id FROM runs WHERE session_id = ?1 AND plan_hash IS NOT NULL ORDER BY kind IN ('eval', "
				 "'sweep', 'tune', 'energy', 'ladder') DESC, id DESC LIMIT 1",
				 number_value(r->session), st);
	return st->code == STATUS_OK && (!r->subject || read_subject(r, st));
}

/* --- facts ---------------------------------------------------------------- */

/* A row of values as pairs. */
static bool
put_facts(struct report *r, const char *sql, struct query_value value, struct status *st)
{
	struct answer *a = ask(r, sql, value, st);
	const char *cell[2 * 33] = {"what", "value"};
	char text[32][300];
	int rows = 0;

	if (!a)
		return false;
	for (int c = 0; a->rows > 0 && c < a->columns && c < 32; c++) {
		const struct answer_cell *one = answer_at(a, 0, c);

		if (one->type == QUERY_NULL)
			continue;
		cell[2 * (rows + 1)] = a->name[c];
		cell[2 * (rows + 1) + 1] = answer_text(a, one, c, text[rows], sizeof(text[rows]));
		rows++;
	}
	document_cells(r->d, cell, rows, 2);
	answer_free(a);
	return true;
}

static bool
put_head(struct report *r, struct status *st)
{
	static const char run_sql[] =
	    "SELECT run, kind, status, started, seconds, session, model, model_hash AS 'model hash', data, dataset_hash AS 'data "
	    "hash', images, recipe, T, plan_hash AS plan, seed, threads, version, command FROM v_runs WHERE run = ?1";
	static const char runs_sql[] =
	    "SELECT run, kind, status, model, recipe, T, accuracy, logit_rmse, spikes_per_image, seconds, command FROM v_runs "
	    "WHERE run IN (SELECT id FROM runs WHERE session_id = ?1) ORDER BY run";

	document_heading(r->d, r->run ? "What was measured" : "Runs of the session");
	if (r->run)
		return put_facts(r, run_sql, number_value(r->run), st);
	return put_table(r, runs_sql, number_value(r->session), "There are no runs in this session.", st);
}

/* --- the plan ------------------------------------------------------------- */

/* One place of all blocks, where blocks may differ. */
struct place {
	char name[SITE_NAME_MAX], neuron[40], function[40];
	long levels[2], hidden[2], refine;
	bool any;
};

static void
widen(long bound[2], bool any, long value)
{
	bound[0] = any && bound[0] < value ? bound[0] : value;
	bound[1] = any && bound[1] > value ? bound[1] : value;
}

static const char *
place_name(const char *site)
{
	const char *dot = strncmp(site, "blocks.", 7) == 0 ? strchr(site + 7, '.') : NULL;

	return dot ? dot + 1 : site;
}

/* The places of a plan's canonical JSON; returns how many. */
static int
read_places(const json_t *json, struct place *place, int most)
{
	const json_t *site;
	size_t i;
	int n = 0;

	json_array_foreach(json_object_get(json, "sites"), i, site)
	{
		const char *name = json_string_value(json_object_get(site, "site"));
		const char *neuron = json_string_value(json_object_get(site, "neuron"));
		const char *function = json_string_value(json_object_get(site, "function"));
		const json_t *ugo = json_object_get(site, "ugo"), *levels = json_object_get(site, "levels");
		int k = 0;

		levels = levels ? levels : json_object_get(site, "burst");
		if (!name || !neuron || !function || (strcmp(neuron, "graded") == 0 && strcmp(function, "none") == 0))
			continue;
		while (k < n && strcmp(place[k].name, place_name(name)) != 0)
			k++;
		if (k == most)
			continue;
		n = k == n ? n + 1 : n;
		snprintf(place[k].name, sizeof(place[k].name), "%s", place_name(name));
		snprintf(place[k].neuron, sizeof(place[k].neuron), "%s", neuron);
		snprintf(place[k].function, sizeof(place[k].function), "%s", function);
		widen(place[k].levels, place[k].any, (long)json_integer_value(levels));
		widen(place[k].hidden, place[k].any, (long)json_integer_value(json_object_get(ugo, "hidden")));
		place[k].refine = (long)json_integer_value(json_object_get(site, "refine"));
		place[k].any = true;
	}
	return n;
}

static void
put_bounds(const long bound[2], char out[40])
{
	if (bound[1] == 0)
		snprintf(out, 40, "-");
	else if (bound[0] == bound[1])
		snprintf(out, 40, "%ld", bound[0]);
	else
		snprintf(out, 40, "%ld to %ld", bound[0], bound[1]);
}

static bool
put_places(struct report *r, const json_t *json, struct status *st)
{
	enum { MOST = 40, COLUMNS = 6 };
	static const char *const names[COLUMNS] = {"place (all blocks)", "neuron",   "levels or burst",
						   "halvings",           "function", "UGO size"};
	struct place *place = calloc(MOST, sizeof(*place));
	char text[MOST][3][40];
	const char *cell[(MOST + 1) * COLUMNS];
	int n;

	if (!place)
		return status_nomem(st, "a report");
	memcpy(cell, names, sizeof(names));
	n = read_places(json, place, MOST);
	for (int i = 0; i < n; i++) {
		const long refine[2] = {place[i].refine, place[i].refine};
		const char **row = cell + (i + 1) * COLUMNS;

		put_bounds(place[i].levels, text[i][0]);
		put_bounds(refine, text[i][1]);
		put_bounds(place[i].hidden, text[i][2]);
		row[0] = place[i].name;
		row[1] = place[i].neuron;
		row[2] = text[i][0];
		row[3] = text[i][1];
		row[4] = place[i].function;
		row[5] = text[i][2];
	}
	document_cells(r->d, cell, n, COLUMNS);
	free(place);
	return true;
}

static bool
put_plan(struct report *r, struct status *st)
{
	char hash[HASH_HEX];
	char *text = plan_description(r->app, r->plan, hash, st);
	json_t *json = text ? json_loads(text, 0, NULL) : NULL;
	bool ok;

	free(text);
	if (st->code != STATUS_OK)
		return false;
	document_heading(r->d, "The plan");
	document_text(r->d, "Plan %s: recipe %s for T = %lld, %s-decoded trains, calibrated with %lld pictures.", r->plan,
		      json_string_value(json_object_get(json, "recipe")),
		      (long long)json_integer_value(json_object_get(json, "T")),
		      json_string_value(json_object_get(json, "decoding")),
		      (long long)json_integer_value(json_object_get(json, "calibration_pictures")));
	ok = put_places(r, json, st);
	json_decref(json);
	return ok;
}

/* --- pictures ------------------------------------------------------------- */

/* A view of the workbench as it stands. */
static bool
put_view(struct report *r, const char *name, int columns, int rows, const char *caption, struct status *st)
{
	const struct view *view = view_find(name, st);
	struct view_args args = {.framed = true};
	struct canvas canvas = {0};

	if (!view || !view_check(r->app, view, &args, st))
		return false;
	if (!canvas_init(&canvas, columns, rows, r->style))
		return status_nomem(st, "a picture");
	view_draw(r->app, view, &args, &canvas, canvas_all(&canvas));
	document_picture(r->d, &canvas, caption);
	canvas_done(&canvas);
	return true;
}

/* Draws what the question asks for as `view plot` does; nothing when there are no points. */
static bool
put_plot(struct report *r, const char *sql, struct query_value value, bool points, const char *caption, struct status *st)
{
	struct answer *a = ask(r, sql, value, st);
	struct chart_data *chart = a && a->rows > 1 ? chart_data_make(a, st) : NULL, *kept = r->app->chart;
	bool ok = st->code == STATUS_OK;

	if (chart) {
		chart->points = points;
		r->app->chart = chart;
		ok = put_view(r, "plot", WIDE, 22, caption, st);
		r->app->chart = kept;
	}
	chart_data_free(chart);
	answer_free(a);
	return ok;
}

/* --- accuracy ------------------------------------------------------------- */

/* The evaluation of the plan that saw most pictures. */
static const char find_eval[] =
    "SELECT r.id FROM runs AS r CROSS JOIN run_metrics AS m ON m.run_id = r.id AND m.name = 'images' WHERE r.plan_hash = ?1 AND "
    "EXISTS (SELECT 1 FROM run_metrics WHERE run_id = r.id AND name = 'accuracy') ORDER BY m.value DESC, r.id DESC LIMIT 1";
static const char accuracy_sql[] =
    "SELECT t, max(CASE WHEN name = 'accuracy' THEN value END) AS accuracy, max(CASE WHEN name = 'accuracy_lo' THEN value END) "
    "AS lowest_accuracy, max(CASE WHEN name = 'accuracy_hi' THEN value END) AS highest_accuracy, max(CASE WHEN name = "
    "'agreement' THEN value END) AS agreement, max(CASE WHEN name = 'logit_rmse' THEN value END) AS logit_rmse, max(CASE WHEN "
    "name = 'spikes_per_image' THEN value END) AS spikes_per_image, max(CASE WHEN name = 'energy_ratio' THEN value END) AS "
    "energy_per_event, max(CASE WHEN name = 'energy_ratio_spikes' THEN value END) AS energy_per_unit FROM run_metrics WHERE "
    "run_id = ?1 AND t > 0 GROUP BY t ORDER BY t";
static const char curve_sql[] =
    "SELECT t, value AS accuracy, 'spikes' AS series FROM run_metrics WHERE run_id = ?1 AND name = 'accuracy' UNION ALL SELECT "
    "m.t, a.value, 'ANN' FROM run_metrics AS m JOIN run_metrics AS a ON a.run_id = m.run_id AND a.name = 'ann_accuracy' WHERE "
    "m.run_id = ?1 AND m.name = 'accuracy' ORDER BY 3, 1";
static const char session_curves_sql[] =
    "SELECT t, accuracy, coalesce(recipe || ' T ' || plan_T, 'ann') || ', run ' || run AS series FROM v_accuracy_vs_t WHERE run "
    "IN (SELECT id FROM runs WHERE session_id = ?1 AND kind IN ('eval', 'sweep') AND status = 'done' ORDER BY id DESC LIMIT 8) "
    "ORDER BY run, t";

static bool
put_accuracy(struct report *r, struct status *st)
{
	int64_t run = find_number(r, find_eval, text_value(r->plan), st);

	if (st->code != STATUS_OK)
		return false;
	document_heading(r->d, "Accuracy and time");
	if (!run) {
		document_text(r->d, "Not measured: eval N does.");
		return true;
	}
	if (!put_facts(r,
		       "SELECT run, kind, data, (SELECT value FROM run_metrics WHERE run_id = ?1 AND name = 'images' LIMIT 1) AS "
		       "pictures, ann_accuracy, command FROM v_runs WHERE run = ?1",
		       number_value(run), st) ||
	    !put_table(r, accuracy_sql, number_value(run), NULL, st) ||
	    !put_plot(r, curve_sql, number_value(run), false, "accuracy by time step, against the ANN", st))
		return false;
	/* One evaluation alone has been drawn. */
	return r->run ||
	       find_number(r, "SELECT count(*) FROM runs WHERE session_id = ?1 AND kind IN ('eval', 'sweep')",
			   number_value(r->session), st) < 2 ||
	       put_plot(r, session_curves_sql, number_value(r->session), false, "evaluations of the session", st);
}

/* --- tuning --------------------------------------------------------------- */

static const char tuned_sql[] =
    "SELECT e.value AS energy_per_unit, m.value AS logit_rmse, 't ' || m.t AS series FROM runs AS r JOIN run_metrics AS m ON "
    "m.run_id = r.id AND m.name = 'logit_rmse' JOIN run_metrics AS e ON e.run_id = r.id AND e.t = m.t AND e.name = "
    "'energy_ratio_spikes' WHERE r.kind = 'tune' AND r.command_id = (SELECT command_id FROM runs WHERE id = ?1) AND m.t IN "
    "(SELECT DISTINCT t FROM run_metrics WHERE run_id = ?1 AND name = 'logit_rmse' ORDER BY t DESC LIMIT 8) ORDER BY m.t";

static bool
put_tuning(struct report *r, struct status *st)
{
	int64_t run = find_number(r, "SELECT max(id) FROM runs WHERE kind = 'tune' AND plan_hash = ?1", text_value(r->plan), st);

	if (!run)
		return st->code == STATUS_OK;
	document_heading(r->d, "How the plan was found");
	return put_plot(r, tuned_sql, number_value(run), true,
			"every candidate that was measured: error of the logits against energy per unit spike", st);
}

/* --- the ladder ----------------------------------------------------------- */

static const char ladder_sql[] =
    "SELECT substr(name, 1, instr(name, '.') - 1) AS rung, max(CASE WHEN name LIKE '%.accuracy' THEN value END) AS accuracy, "
    "max(CASE WHEN name LIKE '%.agreement' THEN value END) AS agreement, max(CASE WHEN name LIKE '%.logit_rmse' THEN value END) "
    "AS logit_rmse FROM run_metrics WHERE run_id = ?1 AND name LIKE '%.%' GROUP BY rung ORDER BY logit_rmse IS NOT NULL, "
    "logit_rmse";

static bool
put_ladder(struct report *r, struct status *st)
{
	int64_t run =
	    find_number(r, "SELECT max(id) FROM runs WHERE kind = 'ladder' AND plan_hash = ?1", text_value(r->plan), st);

	if (st->code != STATUS_OK)
		return false;
	document_heading(r->d, "The ladder from the ANN to spikes");
	if (run)
		return put_table(r, ladder_sql, number_value(run), NULL, st);
	document_text(r->d, "Not measured: ladder N does.");
	return true;
}

/* --- energy --------------------------------------------------------------- */

static const char rules_sql[] = "SELECT substr(name, 8) AS rule, value AS ratio_to_ANN FROM run_metrics WHERE run_id = ?1 AND "
				"name LIKE 'energy.%' ORDER BY value";
static const char places_sql[] =
    "SELECT CASE WHEN site GLOB 'blocks.*.*' THEN substr(site, 8 + instr(substr(site, 8), '.')) ELSE site END AS place, sum(CASE "
    "WHEN name = 'events' THEN value ELSE 0 END) AS events, sum(CASE WHEN name = 'units' THEN value ELSE 0 END) AS units, "
    "sum(CASE WHEN name = 'synapse_units' OR name = 'product_units' THEN value ELSE 0 END) AS additions_by_units, sum(CASE WHEN "
    "name = 'synapse_graded' OR name = 'product_graded' OR name = 'function_macs' THEN value ELSE 0 END) AS multiplications FROM "
    "v_site_metrics WHERE run = ?1 GROUP BY place HAVING events + multiplications + additions_by_units > 0 ORDER BY "
    "additions_by_units + 5 * multiplications DESC";

static bool
put_energy(struct report *r, struct status *st)
{
	int64_t run =
	    find_number(r, "SELECT max(id) FROM runs WHERE kind = 'energy' AND plan_hash = ?1", text_value(r->plan), st);
	const struct energy_finding *e = &findings_of(r->app)->energy;

	if (st->code != STATUS_OK)
		return false;
	document_heading(r->d, "Energy by rule");
	if (!run) {
		document_text(r->d, "Not counted: energy N does.");
		return true;
	}
	document_text(r->d,
		      "Counted from what fired (run %lld); the rules differ in what a spike with levels costs and in what is "
		      "left out. `energy --list` has their sources.",
		      (long long)run);
	if (!put_table(r, rules_sql, number_value(run), NULL, st))
		return false;
	document_text(r->d, "What fired, by place, a picture:");
	if (!put_table(r, places_sql, number_value(run), NULL, st))
		return false;
	return !e->network || strcmp(e->plan, r->plan) != 0 ||
	       put_view(r, "energy", WIDE, 44, "energy against the ANN by rule, by place and by step", st);
}

/* --- attention ------------------------------------------------------------ */

static bool
draw_channels(struct report *r, struct status *st)
{
	struct app *app = r->app;
	char caption[160], site[SITE_NAME_MAX];

	snprintf(caption, sizeof(caption), "channels of %s after %d steps, beside the ANN's",
		 site_name(app->selection.site, site), app->walk->t);
	document_text(r->d, "%s after %d steps.", app->title ? app->title : "The picture", app->walk->t);
	return put_view(r, "features", 148, 30, caption, st) &&
	       put_view(r, "readout", WIDE, 20, "the best classes of both networks, and their logits by time step", st);
}

static bool
draw_attention(struct report *r, struct status *st)
{
	struct app *app = r->app;
	char caption[160];

	if (app->model->resnet)
		return draw_channels(r, st);
	snprintf(caption, sizeof(caption),
		 "attention of block %d, head %d, after %d steps: what is estimated, the last correction, the ANN",
		 app->selection.layer, app->selection.head, app->walk->t);
	document_text(r->d, "%s after %d steps.", app->title ? app->title : "The picture", app->walk->t);
	return put_view(r, "image", 50, 22, "the picture and its patches", st) &&
	       put_view(r, "attention", 148, 24, caption, st) &&
	       put_view(r, "readout", WIDE, 20, "the best classes of both networks, and their logits by time step", st);
}

/* Opens the plan, shows a picture and steps; what was there before comes back. */
static bool
step_and_draw(struct report *r, struct status *st)
{
	struct app *app = r->app;
	struct progress progress = app_progress(app);
	char *before = state_capture(app);
	struct plan *plan = before ? open_plan(app, r->plan, st) : NULL;
	int steps = plan ? plan->T : 0;
	struct status restored = {0};
	bool ok = plan && adopt_plan(app, plan, st) && (app->pixels || open_picture(app, "0", st)) &&
		  walk_steps(app->walk, steps < STEPS_MOST ? steps : STEPS_MOST, &progress, st) && draw_attention(r, st);

	if (before)
		state_restore(app, before, false, &restored);
	else
		status_nomem(st, "a report");
	free(before);
	return ok;
}

static bool
put_attention(struct report *r, struct status *st)
{
	const struct app *app = r->app;

	document_heading(r->d, app->model && app->model->resnet ? "Channels" : "Attention");
	if (app->walk && app->walk->shown && app->walk->t > 0 && strcmp(app->plan->hash, r->plan) == 0)
		return draw_attention(r, st);
	if (app->model && strcmp(app->model->hash, r->model) == 0 && (app->pixels || app->data))
		return step_and_draw(r, st);
	document_text(r->d, "Not drawn: load the model and open a data set or show a picture, and make the report again.");
	return true;
}

/* --- to repeat ------------------------------------------------------------ */

/* The session's commands up to the run's, without those that failed. */
static bool
put_commands(struct report *r, struct status *st)
{
	char *sql = text_format(
	    "SELECT line FROM commands WHERE session_id = ?1 AND status IN ('done', 'running', 'cancelled') AND id <= "
	    "coalesce((SELECT command_id FROM runs WHERE id = %lld), 9e18) AND line NOT LIKE 'report %%' ORDER BY id",
	    (long long)r->run);
	struct answer *a = sql ? ask(r, sql, number_value(r->session), st) : NULL;
	char *text = NULL;

	free(sql);
	if (!a)
		return status_nomem(st, "a report");
	document_heading(r->d, "To repeat this");
	document_text(r->d, "Type these to spikescope, or say `replay %lld` where the notebook is.", (long long)r->subject);
	for (int i = 0; i < a->rows; i++) {
		char *more = text_format("%s%s%s", text ? text : "", text ? "\n" : "", a->cell[i].text);

		free(text);
		text = more;
	}
	if (text)
		document_lines(r->d, text);
	free(text);
	answer_free(a);
	return true;
}

static bool
put_sections(struct report *r, struct status *st)
{
	if (!put_head(r, st))
		return false;
	if (*r->plan && (!put_plan(r, st) || !put_accuracy(r, st) || !put_tuning(r, st) || !put_ladder(r, st) ||
			 !put_energy(r, st) || !put_attention(r, st)))
		return false;
	return !r->session || put_commands(r, st);
}

bool
cmd_report(struct app *app, const struct call *call, struct status *st)
{
	const char *end = strrchr(call->arg[1], '.');
	struct report r = {.app = app, .style = {PALETTE_RGB, true}};
	char title[120], shown[80];
	struct output o;
	bool ok;

	if (!document_check(call->arg[1], call_has(call, "force"), st) || !find_subject(&r, call->arg[0], st))
		return false;
	if (strcmp(end, ".md") == 0)
		r.style = (struct canvas_style){PALETTE_NONE, !app->options.ascii};
	snprintf(title, sizeof(title), "spikescope: %s %s", r.run ? r.kind : "session", r.run ? "run " : "");
	snprintf(title + strlen(title), sizeof(title) - strlen(title), "%s", text_escape(call->arg[0], shown, sizeof(shown)));
	r.d = document_new(title);
	if (!r.d)
		return status_nomem(st, "a report");
	ok = put_sections(&r, st) && document_save(r.d, call->arg[1], call_has(call, "force"), st);
	document_free(r.d);
	if (!ok)
		return false;
	output_init(&o);
	output_text(&o, "file", call->arg[1]);
	output_text(&o, "plan", *r.plan ? r.plan : NULL);
	return output_print(&o, app->options.format, app->out, st);
}
