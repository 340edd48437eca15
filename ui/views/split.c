/* Two plans beside each other: any view drawn for the first, the second and their difference. */
#include "ui/views/parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const side_names[] = {"all", "first", "second", "difference", NULL};

enum { SIDES_SHOWN = 3, PART_W = 26, PART_H = 7 };

/* --- the walk of the difference ------------------------------------------- */

static void
subtract_site(struct walk_site *out, const struct walk_site *a, const struct walk_site *b)
{
	*out = (struct walk_site){.rmse = a->rmse - b->rmse,
				  .relative = a->relative - b->relative,
				  .cosine = a->cosine - b->cosine,
				  .rate = a->rate - b->rate,
				  .events = a->events - b->events,
				  .units = a->units - b->units,
				  .alarms = a->alarms - b->alarms};
}

static void
subtract_step(struct walk_step *out, const struct walk_step *a, const struct walk_step *b, int classes, int sites)
{
	for (int i = 0; i < classes; i++)
		out->logits[i] = a->logits[i] - b->logits[i];
	for (int i = 0; i < sites; i++)
		subtract_site(&out->site[i], &a->site[i], &b->site[i]);
	out->logit_rmse = a->logit_rmse - b->logit_rmse;
	out->top = a->top;
	out->events = a->events - b->events;
	out->units = a->units - b->units;
}

static void
difference_done(struct walk *walk)
{
	for (int i = 0; walk->step && i < walk->t; i++) {
		free(walk->step[i].logits);
		free(walk->step[i].site);
	}
	free(walk->step);
}

/* The first walk with the second one's numbers taken off in every step. */
static bool
difference_make(struct walk *out, const struct walk *a, const struct walk *b)
{
	int classes = a->model->classes, sites = site_count(a->model);

	*out = *a;
	out->step = calloc((size_t)a->t + 1, sizeof(*out->step));
	for (int i = 0; out->step && i < a->t; i++) {
		struct walk_step *step = &out->step[i];

		step->logits = malloc((size_t)classes * sizeof(*step->logits));
		step->site = malloc((size_t)sites * sizeof(*step->site));
		if (!step->logits || !step->site) {
			difference_done(out);
			return false;
		}
		subtract_step(step, &a->step[i], &b->step[i], classes, sites);
	}
	return out->step != NULL;
}

/* --- drawing -------------------------------------------------------------- */

/* What a view reads, for a moment. */
struct seen {
	struct plan *plan;
	struct walk *walk;
	struct record *record;
	struct history *history;
};

static struct seen
look_at(struct app *app, struct seen s)
{
	struct seen before = {app->plan, app->walk, app->record, app->history};

	app->plan = s.plan;
	app->walk = s.walk;
	app->record = s.record;
	app->history = s.history;
	return before;
}

static void
draw_second(struct app *app, const struct view *view, const struct view_args *args, struct canvas *canvas, struct rect area)
{
	struct split *split = &app->split;
	struct seen before = look_at(app, (struct seen){split->plan, split->walk, split->record, split->history});

	view->draw(app, args, canvas, area);
	split->history = app->history;
	look_at(app, before);
}

static void
draw_difference(struct app *app, const struct view *view, const struct view_args *args, struct canvas *canvas, struct rect area)
{
	struct walk difference, *walk = app->walk;

	if (!difference_make(&difference, app->walk, app->split.walk))
		return;
	app->whole = walk;
	app->walk = &difference;
	app->minus = &app->split;
	view->draw(app, args, canvas, area);
	app->minus = NULL;
	app->whole = NULL;
	app->walk = walk;
	difference_done(&difference);
}

static void
draw_side(struct app *app, const struct view *view, const struct view_args *args, enum side side, struct canvas *canvas,
	  struct rect area)
{
	static const color fg[] = {[SIDE_FIRST] = ROLE_SNN, [SIDE_SECOND] = ROLE_SERIES_C, [SIDE_DIFFERENCE] = ROLE_TITLE};
	const struct plan *a = app->plan, *b = app->split.plan;
	struct pen pen = {.fg = fg[side], .attr = ATTR_BOLD};

	if (side == SIDE_DIFFERENCE)
		canvas_printf(canvas, area, area.x, area.y, pen, "%s − %s", a->recipe, b->recipe);
	else
		canvas_printf(canvas, area, area.x, area.y, pen, "%s %.4s", side == SIDE_FIRST ? a->recipe : b->recipe,
			      side == SIDE_FIRST ? a->hash : b->hash);
	area.y++;
	area.h--;
	if (side == SIDE_FIRST)
		view->draw(app, args, canvas, area);
	else if (side == SIDE_SECOND)
		draw_second(app, view, args, canvas, area);
	else
		draw_difference(app, view, args, canvas, area);
}

bool
view_is_split(const struct app *app)
{
	return app->split.walk && !app->minus && app->walk && app->walk->shown && app->walk->t > 0 &&
	       app->split.walk->t == app->walk->t;
}

void
view_draw_sides(struct app *app, const struct view *view, const struct view_args *args, struct canvas *canvas, struct rect area)
{
	bool across = area.w >= SIDES_SHOWN * PART_W, all = app->side == SIDE_ALL;

	if (area.h < 3) {
		view->draw(app, args, canvas, area);
		return;
	}
	if (!all || (!across && area.h < SIDES_SHOWN * PART_H)) {
		draw_side(app, view, args, all ? SIDE_DIFFERENCE : app->side, canvas, area);
		return;
	}
	for (int i = 0; i < SIDES_SHOWN; i++) {
		int w = area.w / SIDES_SHOWN, h = area.h / SIDES_SHOWN;
		struct rect part = across ? (struct rect){area.x + i * w, area.y, w - 1, area.h}
					  : (struct rect){area.x, area.y + i * h, area.w, h};

		draw_side(app, view, args, (enum side)(SIDE_FIRST + i), canvas, part);
	}
}

/* --- what views read ------------------------------------------------------ */

static const float *
probe(const struct walk *walk, struct site site, enum snn_quantity q, struct tensor *hold)
{
	const struct snn *snn = walk ? walk_network(walk, site) : NULL;
	struct status st = {0};

	return snn && snn_has(snn, site, q) && snn_probe(snn, site, q, hold, &st) ? hold->data : NULL;
}

const float *
view_probe(const struct app *app, struct site site, enum snn_quantity q, struct tensor *hold)
{
	const float *a = probe(app->walk, site, q, hold), *b;
	struct tensor other = {0};

	if (!a || !app->minus)
		return a;
	b = probe(app->minus->walk, site, q, &other);
	for (size_t i = 0; b && i < tensor_size(hold); i++)
		hold->data[i] -= b[i];
	tensor_done(&other);
	return b ? a : NULL;
}

static double
element(const struct walk *walk, struct site site, enum snn_quantity q, size_t index)
{
	const struct snn *snn = walk_network(walk, site);

	return snn_has(snn, site, q) && index < site_size(walk->model, site) ? (double)snn_element(snn, site, q, index) : NAN;
}

double
view_element(const struct app *app, struct site site, enum snn_quantity q, size_t index)
{
	double value = element(app->walk, site, q, index);

	return app->minus ? value - element(app->minus->walk, site, q, index) : value;
}

const float *
view_reference(const struct app *app, struct site site)
{
	return app->minus ? NULL : app->walk->reference.value[site_index(app->model, site)];
}

double
view_reference_element(const struct app *app, struct site site, size_t index)
{
	const float *reference = view_reference(app, site);

	return reference && index < site_size(app->model, site) ? (double)reference[index] : NAN;
}

/* --- histories ------------------------------------------------------------ */

static struct history_request
request_of(const struct app *app, const struct view_args *args)
{
	struct site site = view_site(app, args);
	size_t size = site_size(app->model, site), at = (size_t)view_neuron(app, args);

	return (struct history_request){.site = site,
					.element = at < size ? at : 0,
					.unit = args->has_unit ? args->unit : app->selection.unit,
					.layer = view_layer(app, args),
					.head = view_head(app, args),
					.q = view_q(app, args),
					.k = view_k(app, args)};
}

/* Without panes nobody waits for the next key: the history is read to its end, or to Ctrl-C. */
static const struct history *
ask(struct app *app, struct history **h, const struct walk *walk, const struct history_request *request)
{
	struct progress progress = app_progress(app);
	struct status st = {0};

	if ((!*h && !(*h = history_new(&st))) || !history_ask(*h, walk, request, &st))
		return NULL;
	while (!app->capture && !history_ready(*h, walk) && progress_report(&progress, "step again", history_count(*h), walk->t))
		if (!history_advance(*h, walk, 1, &st))
			return NULL;
	if (!history_ready(*h, walk))
		app->history_wanted = true;
	return *h;
}

struct view_history
view_history(struct app *app, const struct view_args *args)
{
	struct history_request request = request_of(app, args);
	struct view_history out = {0};

	out.first = ask(app, &app->history, app->minus ? app->whole : app->walk, &request);
	if (!app->minus || !out.first)
		return out;
	/* Of a UGO the same hidden neuron in both. */
	request.unit = history_unit(out.first);
	out.second = ask(app, &app->split.history, app->split.walk, &request);
	if (!out.second)
		out.first = NULL;
	return out;
}

bool
view_history_point(const struct view_history *h, int t, struct history_point *out)
{
	const struct history_point *a = h->first ? history_at(h->first, t) : NULL;
	const struct history_point *b = h->second ? history_at(h->second, t) : NULL;

	if (!a || (h->second && !b))
		return false;
	*out = *a;
	if (!b)
		return true;
	out->value -= b->value;
	out->input -= b->input;
	out->membrane -= b->membrane;
	out->threshold -= b->threshold;
	out->count -= b->count;
	out->score_sent -= b->score_sent;
	out->score_sum -= b->score_sum;
	return true;
}
