#include "ui/workbench/steps.h"

#include "base/timing.h"
#include "ui/commands/commands.h"
#include "ui/workbench/notebook.h"

#include <stdio.h>
#include <string.h>

/* --- where it stopped ----------------------------------------------------- */

/* The number of the element along each dimension of its site. */
static int
unflatten(const struct model *model, struct site site, size_t element, int at[3])
{
	int dim[3], dims = site_shape(model, site, dim);

	for (int i = dims - 1; i >= 0; i--) {
		at[i] = (int)(element % (size_t)dim[i]);
		element /= (size_t)dim[i];
	}
	return dims;
}

char *
found_name(const struct app *app, const struct condition_found *found, char *out, size_t size)
{
	char name[SITE_NAME_MAX];
	int at[3], dims;

	out[0] = '\0';
	if (!found->has_site)
		return out;
	snprintf(out, size, "%s", site_name(found->site, name));
	if (!found->has_element)
		return out;
	dims = unflatten(app->model, found->site, found->element, at);
	for (int i = 0; i < dims; i++)
		snprintf(out + strlen(out), size - strlen(out), "%c%d", i ? ',' : '[', at[i]);
	if (found->unit >= 0)
		snprintf(out + strlen(out), size - strlen(out), ",%d", found->unit);
	snprintf(out + strlen(out), size - strlen(out), "]");
	return out;
}

void
select_found(struct app *app, const struct condition_found *found)
{
	struct selection *s = &app->selection;
	int at[3], dims;

	if (!found->has_site)
		return;
	s->site = found->site;
	if (found->site.block >= 0)
		s->layer = found->site.block;
	if (found->has_element) {
		s->neuron = (int)found->element;
		dims = unflatten(app->model, found->site, found->element, at);
		if (dims == 3) {
			s->head = at[0];
			s->k = at[2];
		}
		if (dims > 1)
			s->q = at[dims - 2];
	}
	app_clamp_selection(app);
}

static void
stop_at(struct app *app, int number, bool is_watch, double before, const struct condition_found *found, const char *text)
{
	app->stop = (struct stop){.stopped = true, .number = number, .is_watch = is_watch, .before = before, .found = *found};
	snprintf(app->stop.text, sizeof(app->stop.text), "%s", text);
	select_found(app, found);
}

/* Does anything stop after the step just done? */
static bool
stops(struct app *app, const struct condition *until)
{
	const struct breakpoint *p = breakpoints_after_step(&app->breakpoints, app->walk);
	struct condition_found found;

	if (p)
		stop_at(app, p->number, p->is_watch, p->before, &p->found, p->text);
	else if (until && condition_true(until, app->walk, &found))
		stop_at(app, 0, false, 0, &found, condition_text(until));
	return app->stop.stopped;
}

/* --- forwards ------------------------------------------------------------- */

/* The second plan's walk goes where the first one is, within a step too. */
bool
steps_follow(struct app *app, struct status *st)
{
	struct split *split = &app->split;
	const struct walk *to = app->walk;

	if (!split->walk)
		return true;
	if (split->walk->t > to->t || (split->walk->t == to->t && split->walk->site > to->site)) {
		spike_log_back(split->spikes, to->t);
		if (!walk_back(split->walk, to->t, NULL, st))
			return false;
	}
	while (split->walk->t < to->t) {
		if (!spike_log_steps(split->spikes, split->walk, 1, NULL, st))
			return false;
		if (split->history && !history_append(split->history, split->walk, st))
			return false;
	}
	while (split->walk->site < to->site && split->walk->t == to->t)
		if (!walk_next_site(split->walk, st))
			return false;
	return true;
}

/* What follows a step of the walk: records, the other plan, the notebook. */
static bool
step_done(struct app *app, int64_t run, struct status *st)
{
	spike_log_step(app->spikes, app->walk);
	if ((app->history && !history_append(app->history, app->walk, st)) || !steps_follow(app, st))
		return false;
	notebook_walk_step(app, run, app->walk->t);
	return true;
}

static bool
check_limit(const struct app *app, int n, struct status *st)
{
	return app->walk->t + n <= WALK_STEPS_MAX ||
	       status_fail(st, STATUS_USAGE, "t may be %d at most; type: reset", WALK_STEPS_MAX);
}

static void
start_moving(struct app *app)
{
	app->stop.stopped = false;
	breakpoints_look(&app->breakpoints, app->walk);
}

bool
steps_take(struct app *app, int n, const struct condition *until, struct status *st)
{
	struct progress progress = app_progress(app);
	double started = timing_now();
	int64_t run;
	bool ok = true;

	app->stop.stopped = false;
	if (n == 0)
		return true;
	if (!check_limit(app, n, st))
		return false;
	start_moving(app);
	run = notebook_run_begin(app, "step", app->plan, app->data);
	for (int i = 0; ok && i < n && !app->stop.stopped; i++) {
		if (!progress_report(&progress, "step", i, n))
			ok = status_fail(st, STATUS_CANCELLED, "stopped at t = %d", app->walk->t);
		else if ((ok = walk_steps(app->walk, 1, NULL, st) && step_done(app, run, st)))
			stops(app, until);
	}
	notebook_run_end(app, run, st, timing_now() - started);
	return ok;
}

/* A run for the step that the sites complete. */
static bool
sites_completed(struct app *app, struct status *st)
{
	int64_t run = notebook_run_begin(app, "step", app->plan, app->data);
	bool ok = step_done(app, run, st);

	notebook_run_end(app, run, st, app->walk->step[app->walk->t - 1].seconds);
	if (ok)
		stops(app, NULL);
	return ok;
}

bool
steps_take_sites(struct app *app, int n, struct status *st)
{
	struct progress progress = app_progress(app);
	struct walk *walk = app->walk;
	int done;

	if (!check_limit(app, 1, st))
		return false;
	start_moving(app);
	for (int i = 0; i < n && !app->stop.stopped; i++) {
		if (!progress_report(&progress, "site", i, n))
			return status_fail(st, STATUS_CANCELLED, "stopped within step %d", walk->t + 1);
		done = walk->site;
		if (!walk_next_site(walk, st))
			return false;
		done = walk->site >= 0 ? walk->site : site_count(walk->model) - 1;
		select_found(app, &(struct condition_found){.has_site = true, .site = site_at(walk->model, done)});
		if (walk->site >= 0 ? !steps_follow(app, st) : !sites_completed(app, st))
			return false;
	}
	return true;
}

/* --- backwards ------------------------------------------------------------ */

bool
steps_back(struct app *app, int t, struct status *st)
{
	struct progress progress = app_progress(app);
	bool ok = walk_back(app->walk, t, &progress, st);

	app->stop.stopped = false;
	spike_log_back(app->spikes, app->walk->t);
	return steps_follow(app, ok ? st : NULL) && ok;
}
