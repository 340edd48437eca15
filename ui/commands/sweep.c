/* Many conversions, each evaluated as a run of its own; and curves of runs. */
#include "ui/commands/commands.h"

#include "base/text.h"
#include "study/eval.h"
#include "ui/output/answer.h"
#include "ui/output/chart_data.h"
#include "ui/workbench/show.h"

#include <stdlib.h>
#include <string.h>

enum { AXIS_VALUES = 16, SWEEP_POINTS = 512, RECIPE_TEXT = 200 };

/* What is swept: every combination of one value of each axis. An axis that is not
 * given has one value, 0: the default. */
enum axis { AXIS_T, AXIS_IMAGES, AXIS_SEED, AXIS_HIDDEN, AXIS_REPEAT, AXES };
static const struct {
	const char *option;
	double lo, hi;
} axes[AXES] = {{"T", 1, PLAN_T_MAX}, {"images", 1, 100000}, {"seeds", 0, 1e9}, {"hidden", 1, UGO_HIDDEN_MAX}, {"repeat", 1, 3}};

struct sweep {
	struct app *app;
	const struct call *call;
	char recipes[RECIPE_TEXT]; /* separated by zeros */
	const char *recipe[AXIS_VALUES];
	const char *sites[AXIS_VALUES]; /* changes of sites, one set of them at a time; NULL: none */
	char sites_text[1000];
	int recipe_count, sites_count;
	int value[AXES][AXIS_VALUES], count[AXES];
	int points; /* in all */
	struct output o;
	int64_t run[SWEEP_POINTS];
	int done;
	double best, worst; /* accuracy */
};

/* Splits text at the separator into at most AXIS_VALUES words; -1: too many or an empty one. */
static int
split_words(char *text, char separator, const char **word)
{
	int count = 0;

	for (char *at = text; at;) {
		char *end = strchr(at, separator);

		if (end)
			*end++ = '\0';
		if (*at == '\0' || count == AXIS_VALUES)
			return -1;
		word[count++] = at;
		at = end;
	}
	return count;
}

static bool
read_axes(struct sweep *s, struct status *st)
{
	s->points = s->recipe_count * s->sites_count;
	for (int axis = 0; axis < AXES; axis++) {
		s->count[axis] = 1;
		if (call_has(s->call, axes[axis].option))
			s->count[axis] = value_ints(call_text(s->call, axes[axis].option), s->value[axis], AXIS_VALUES,
						    axes[axis].lo, axes[axis].hi, true);
		if (s->count[axis] < 1)
			return status_fail(st, STATUS_USAGE, "sweep: --%s takes at most %d values", axes[axis].option,
					   AXIS_VALUES);
		s->points *= s->count[axis];
	}
	return s->points <= SWEEP_POINTS ||
	       status_fail(st, STATUS_USAGE, "sweep: %d conversions are too many; at most %d at once", s->points, SWEEP_POINTS);
}

static bool
is_recipe(const char *name)
{
	for (const struct recipe_info *r = recipe_table; r->name; r++)
		if (strcmp(r->name, name) == 0)
			return true;
	return false;
}

static bool
read_sweep(struct sweep *s, struct status *st)
{
	const char *recipe = call_text(s->call, "recipe"), *sites = call_text(s->call, "sites");

	snprintf(s->recipes, sizeof(s->recipes), "%s", recipe ? recipe : "sta");
	s->recipe_count = split_words(s->recipes, ',', s->recipe);
	if (s->recipe_count < 1)
		return status_fail(st, STATUS_USAGE, "sweep: --recipe takes names separated by commas, as sta,delta");
	for (int i = 0; i < s->recipe_count; i++)
		if (!is_recipe(s->recipe[i]))
			return status_fail(st, STATUS_USAGE, "sweep: there is no recipe \"%.60s\"; type: help convert",
					   s->recipe[i]);
	s->sites_count = 1;
	if (sites) {
		if (strlen(sites) >= sizeof(s->sites_text))
			return status_fail(st, STATUS_USAGE, "sweep: --sites is too long");
		snprintf(s->sites_text, sizeof(s->sites_text), "%s", sites);
		s->sites_count = split_words(s->sites_text, '|', s->sites);
	}
	if (s->sites_count < 1)
		return status_fail(st, STATUS_USAGE, "sweep: --sites takes changes separated by |, at most %d", AXIS_VALUES);
	return read_axes(s, st);
}

/* The combination of this number, one value of each axis. */
static void
choose(const struct sweep *s, int number, const char **recipe, const char **sites, int value[AXES])
{
	*recipe = s->recipe[number % s->recipe_count];
	number /= s->recipe_count;
	*sites = s->sites[number % s->sites_count];
	number /= s->sites_count;
	for (int axis = 0; axis < AXES; axis++) {
		value[axis] = s->value[axis][number % s->count[axis]];
		number /= s->count[axis];
	}
}

static void
output_value(struct output *o, const char *key, const struct sweep *s, int axis, int value)
{
	if (call_has(s->call, axes[axis].option))
		output_int(o, key, value);
}

static void
output_point(struct sweep *s, const char *recipe, const char *sites, const int value[AXES], const struct plan *plan,
	     const struct eval_result *r)
{
	const struct eval_point *p = &r->point[r->points - 1];

	output_row(&s->o);
	output_int(&s->o, "run", s->app->run);
	output_text(&s->o, "recipe", recipe);
	output_int(&s->o, "T", plan->T);
	output_value(&s->o, "calibration_pictures", s, AXIS_IMAGES, value[AXIS_IMAGES]);
	output_value(&s->o, "seed", s, AXIS_SEED, value[AXIS_SEED]);
	output_value(&s->o, "hidden", s, AXIS_HIDDEN, value[AXIS_HIDDEN]);
	output_value(&s->o, "repeat", s, AXIS_REPEAT, value[AXIS_REPEAT]);
	if (s->sites_count > 1)
		output_text(&s->o, "sites", sites);
	output_int(&s->o, "t", p->t);
	output_real(&s->o, "accuracy", p->accuracy);
	output_real(&s->o, "agreement", p->agreement);
	output_real(&s->o, "logit_rmse", p->logit_rmse);
	output_real(&s->o, "spikes_per_image", p->units_per_image);
	output_real(&s->o, "energy_ratio", p->per_event);
	s->best = s->done == 0 || p->accuracy > s->best ? p->accuracy : s->best;
	s->worst = s->done == 0 || p->accuracy < s->worst ? p->accuracy : s->worst;
	s->run[s->done++] = s->app->run;
}

static struct plan *
convert_point(struct sweep *s, const char *recipe, const char *sites, const int value[AXES], struct status *st)
{
	struct plan_options options = {.recipe = recipe,
				       .T = value[AXIS_T],
				       .rule = call_choice(s->call, "rule", -1),
				       .percentile = 99.9,
				       .hidden = value[AXIS_HIDDEN],
				       .repeat = value[AXIS_REPEAT],
				       .coarse = call_has(s->call, "coarse"),
				       .sites = sites};
	struct calibration_pictures which = {.path = call_text(s->call, "calibration"),
					     .count = value[AXIS_IMAGES] ? value[AXIS_IMAGES] : CALIBRATION_PICTURES,
					     .random = call_has(s->call, "seeds")};
	uint64_t seed = s->app->options.seed;
	struct plan *plan;

	if (call_has(s->call, "seeds"))
		s->app->options.seed = (uint64_t)value[AXIS_SEED];
	plan = build_plan(s->app, &options, &which, st);
	s->app->options.seed = seed;
	return plan;
}

static bool
sweep_point(struct sweep *s, int number, const struct eval_options *given, struct status *st)
{
	const char *recipe, *sites;
	int value[AXES], t[64];
	struct eval_options options = *given;
	struct eval_result result = {0};
	struct plan *plan;
	bool ok;

	choose(s, number, &recipe, &sites, value);
	app_say(s->app, "%d of %d: %s", number + 1, s->points, recipe);
	plan = convert_point(s, recipe, sites, value, st);
	if (!plan)
		return false;
	options.t = t;
	if (call_has(s->call, "t"))
		options.ts = value_ints(call_text(s->call, "t"), t, 64, 1, WALK_STEPS_MAX, true);
	else
		options.ts = default_points(plan->T, t, 64);
	ok = run_eval(s->app, "sweep", plan, s->app->data, &options, &result, st);
	if (ok)
		output_point(s, recipe, sites, value, plan, &result);
	eval_done(&result);
	plan_free(plan);
	return ok;
}

/* Accuracy against steps of the runs becomes the plot. */
static void
plot_sweep(struct sweep *s)
{
	struct status st = {0};

	if (s->done > 0 && s->done <= CHART_SERIES && s->app->options.format == FORMAT_TABLE &&
	    plot_runs(s->app, s->run, s->done, 0, 0, &st))
		app_say(s->app, "view plot shows accuracy against t; curves RUN ... --against spikes against spikes");
}

bool
cmd_sweep(struct app *app, const struct call *call, struct status *st)
{
	struct sweep s = {.app = app, .call = call};
	struct eval_options options = {.threads = app->options.threads};
	struct status printed = {0};
	bool ok = need_model(app, st) && need_data(app, st) && read_sweep(&s, st) && eval_bounds(app->data, call, &options, st);

	if (!ok)
		return false;
	output_init(&s.o);
	output_table(&s.o, "points");
	for (int i = 0; ok && i < s.points; i++)
		ok = sweep_point(&s, i, &options, st);
	output_end(&s.o);
	if (s.done == 0) {
		output_done(&s.o);
		return ok;
	}
	output_real(&s.o, "accuracy_spread", s.best - s.worst);
	/* What was done before a cancel is worth seeing. */
	if (!output_print(&s.o, app->options.format, app->out, &printed))
		return status_fail(st, printed.code, "%s", printed.message);
	plot_sweep(&s);
	return ok;
}

/* --- curves --------------------------------------------------------------- */

const char *const against_names[] = {"t", "spikes", "energy", NULL};
const char *const measure_names[] = {"accuracy", "agreement", "error", NULL};

bool
plot_runs(struct app *app, const int64_t *run, int count, int against, int measure, struct status *st)
{
	static const char *const x[] = {"t", "spikes_per_image", "energy_ratio"};
	static const char *const y[] = {"accuracy", "agreement", "logit_rmse"};
	char list[CHART_SERIES * 24] = "", *sql;
	struct query query = {0};
	struct answer *answer;
	struct chart_data *chart = NULL;
	size_t used = 0;

	for (int i = 0; i < count && i < CHART_SERIES; i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%lld", i ? "," : "", (long long)run[i]);
	sql = text_format(
	    "SELECT %s, %s, coalesce(recipe || ' T ' || plan_T, 'ann') || ', run ' || run AS series FROM v_accuracy_vs_t "
	    "WHERE run IN (%s) ORDER BY run, t",
	    x[against], y[measure], list);
	if (!sql)
		return status_nomem(st, "a plot");
	query.sql = sql;
	answer = answer_ask(app, &query, 0, st);
	if (answer && answer->rows == 0)
		status_fail(st, STATUS_FAILED, "these runs have no accuracy over time; `runs --kind eval` lists those that have");
	else if (answer)
		chart = chart_data_make(answer, st);
	answer_free(answer);
	free(sql);
	if (!chart)
		return false;
	chart_data_free(app->chart);
	app->chart = chart;
	app->serial++;
	return true;
}

bool
cmd_curves(struct app *app, const struct call *call, struct status *st)
{
	int64_t run[CHART_SERIES];
	long number;

	if (call->args > CHART_SERIES)
		return status_fail(st, STATUS_USAGE, "curves: at most %d runs fit in one picture", CHART_SERIES);
	for (int i = 0; i < call->args; i++) {
		if (!value_int(call->arg[i], 1, 9e15, &number))
			return status_fail(st, STATUS_USAGE, "curves: \"%s\" is not the number of a run; type: runs",
					   call->arg[i]);
		run[i] = number;
	}
	if (!plot_runs(app, run, call->args, call_choice(call, "against", 0), call_choice(call, "of", 0), st))
		return false;
	return show_print(app, view_find("plot", st), &(struct view_args){0}, app->out, st);
}
