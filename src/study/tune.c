#include "study/tune.h"

#include "model/graph.h"

#include "snn/neurons/neuron.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of the squared error of the logits: what is not worth telling apart. */
static const double NOISE = 0.05;
/* What may be lost, over what is expected to be. */
static const double MARGIN = 1.5;

enum { FINALISTS = 8, LEVELS_LEAST = 2, HIDDEN_LEAST = 6, MOVES = 3 * TUNE_CLASSES };

const char *const tune_stage_names[] = {"recipe", "sensitivity", "search", "finalist", "held out", NULL};

/* --- what is better ------------------------------------------------------- */

double
tune_expected_drop(double flips, double lost, double n, double usual)
{
	const double pictures = 2000, prior = 20, balance = 0.125;
	double share = n > 0 ? (flips + pictures * usual) / (n + pictures) : 0;

	return share * fmax(balance, (lost + prior * balance) / (flips + prior));
}

/* How far a point is from the target, relative to it; 0 when it meets it. */
static double
distance(const struct tune_target *target, const struct tune_point *p, double drop)
{
	double d = 0;

	if (!isnan(target->max_drop))
		d += fmax(0, drop - target->max_drop) / fmax(target->max_drop, 0.001);
	if (!isnan(target->max_energy))
		d += fmax(0, p->energy - target->max_energy) / target->max_energy;
	return d;
}

bool
tune_meets(const struct tune_target *target, const struct tune_point *p, bool measured)
{
	return !(distance(target, p, measured ? p->drop : MARGIN * p->expected) > 0);
}

bool
tune_confirms(const struct tune_target *target, const struct tune_point *p)
{
	return tune_meets(target, p, true) && (isnan(target->max_drop) || p->drop_in.hi <= target->max_drop);
}

/* The half width of the interval falls as the root of the pictures: z sqrt(flips / n), with the
 * three flips that none seen in a sample may still be (the rule of three). */
double
tune_pictures(const struct tune_target *target, const struct tune_point *p, int images)
{
	double room = target->max_drop - p->drop, flips = fmax(3.0 / images, 1 - p->agreement);

	if (isnan(target->max_drop) || !tune_meets(target, p, true) || !(room > 0))
		return 0;
	return fmax(images + 1, ceil(1.959964 * 1.959964 * flips / (room * room)));
}

bool
tune_better(const struct tune_target *target, const struct tune_point *a, const struct tune_point *b)
{
	double da = distance(target, a, MARGIN * a->expected), db = distance(target, b, MARGIN * b->expected);

	if (da != db)
		return da < db;
	if (isnan(target->max_drop))
		return a->squared_error < b->squared_error;
	return a->energy < b->energy || (a->energy == b->energy && a->squared_error < b->squared_error);
}

/* --- candidates ----------------------------------------------------------- */

struct search {
	struct tune *tune;
	const struct plan *base;
	const struct tune_options *options;
	const struct tune_host *host;
};

static const struct tune_point *
best_point(const struct tune_candidate *c)
{
	return &c->point[c->best];
}

static void append(char *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
append(char *text, const char *format, ...)
{
	size_t n = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + n, TUNE_TEXT - n, format, args);
	va_end(args);
}

/* Adds KEY=VALUE to the entry that text ends with, or begins with *entry. */
static void
add_setting(char *text, const char **entry, const char *key, double value)
{
	if (*entry)
		append(text, "%s%s:", *text ? " " : "", *entry);
	else
		append(text, ",");
	append(text, "%s=%.4g", key, value);
	*entry = NULL;
}

/* The overrides of all classes that are set. */
static void
describe(const struct tune *tune, struct tune_candidate *c)
{
	c->sites[0] = c->sizes[0] = '\0';
	for (int k = 0; k < tune->classes; k++)
		for (int g = 0; g < tune->class[k].glob_count; g++) {
			const struct tune_setting *s = &c->set[k];
			const char *entry = tune->class[k].globs[g], *size = entry;

			if (s->levels)
				add_setting(c->sites, &entry, "levels", s->levels);
			if (s->hidden)
				add_setting(c->sites, &entry, "hidden", s->hidden);
			if (s->scale > 0)
				add_setting(c->sites, &entry, "scale", s->scale);
			if (s->repeat)
				add_setting(c->sites, &entry, "repeat", s->repeat);
			if (s->hidden)
				add_setting(c->sizes, &size, "hidden", s->hidden);
		}
}

/* Of a candidate's point: pictures whose class changed, and how many more lost than won. */
static void
count_flips(const struct eval_result *r, int point, double *flips, double *lost)
{
	*flips = *lost = 0;
	for (int i = 0; i < r->images; i++) {
		int top = r->outcome[(size_t)i * (size_t)r->points + (size_t)point].top;

		*flips += top != r->ann_top[i];
		*lost += (r->ann_top[i] == r->label[i]) - (top == r->label[i]);
	}
}

/* Near the reference the share of pictures that change their class grows as the error. */
static double
usual(const struct tune *tune, double rmse)
{
	return tune->errors > 0 ? tune->flips / tune->errors * rmse : 0;
}

struct note {
	struct search *search;
	struct tune_candidate *candidate;
};

static void
note_measured(void *to, const struct tune_measured *m)
{
	const struct note *n = to;
	struct tune_candidate *c = n->candidate;
	const struct eval_result *r = m->result;
	struct tune *tune = n->search->tune;

	c->run = m->run;
	c->images = r->images;
	c->points = r->points;
	c->best = 0;
	for (int i = 0; i < r->points; i++) {
		const struct eval_point *p = &r->point[i];
		double flips, lost;

		count_flips(r, i, &flips, &lost);
		if (c->stage == TUNE_RECIPE || c->stage == TUNE_FINALIST) {
			tune->flips += flips;
			tune->errors += p->logit_rmse * r->images;
		}
		c->point[i] =
		    (struct tune_point){.t = p->t,
					.energy = m->energy[i],
					.accuracy = p->accuracy,
					.agreement = p->agreement,
					.squared_error = p->logit_rmse * p->logit_rmse,
					.drop = 0 - p->gap,
					.drop_in = {0 - p->gap_in.hi, 0 - p->gap_in.lo},
					.expected = tune_expected_drop(flips, lost, r->images, usual(tune, p->logit_rmse))};
		if (i > 0 && tune_better(&n->search->options->target, &c->point[i], &c->point[c->best]))
			c->best = i;
	}
}

/* Measures settings as one more candidate. NULL with *st on failure. */
static struct tune_candidate *
measure(struct search *s, const struct tune_setting *set, const char *change, enum tune_stage stage, int first, int count,
	struct status *st)
{
	struct tune *tune = s->tune;
	struct tune_candidate *c = &tune->candidate[tune->candidates];
	struct note note = {s, c};

	if (tune->candidates == TUNE_CANDIDATES) {
		status_fail(st, STATUS_FAILED, "more than %d candidates", TUNE_CANDIDATES);
		return NULL;
	}
	memset(c, 0, sizeof(*c));
	c->stage = stage;
	memcpy(c->set, set, sizeof(c->set));
	snprintf(c->change, sizeof(c->change), "%s", change);
	describe(tune, c);
	if (!s->host->measure(s->host->ctx, c, first, count, note_measured, &note, st))
		return NULL;
	tune->candidates++;
	return c;
}

/* --- classes -------------------------------------------------------------- */

static void
class_globs(struct tune_class *class, const struct plan *plan)
{
	for (int i = 0; i < 4 && class->class->kind[i] != SITE_PATCH_EMBED; i++) {
		const struct neuron_type *type;
		const struct site_plan *p;
		char name[SITE_NAME_MAX];
		struct site site;

		if (!site_find(plan->model, class->class->kind[i], 0, &site))
			continue;
		p = &plan->site[site_index(plan->model, site)];
		if (p->neuron == NEURON_NONE)
			continue;
		type = neuron_type(p->neuron);
		site_name(site, name);
		snprintf(class->globs[class->glob_count++], SITE_NAME_MAX, "blocks.*%s", strchr(name + strlen("blocks."), '.'));
		class->base_levels = p->settings.burst;
		class->base_scale = (double)p->scale;
		class->base_hidden = p->ugo ? p->ugo->hidden : 0;
		class->levels = p->settings.burst > LEVELS_LEAST || (p->settings.burst > 1 && !neuron_setting(type, "refine"));
		class->repeats = neuron_setting(type, "repeat") != NULL;
		class->function = plan_has_function(site.kind);
	}
}

static void
find_classes(struct search *s)
{
	struct tune *tune = s->tune;

	for (const struct site_class *c = site_class_table; c->name; c++) {
		struct tune_class *class = &tune->class[tune->classes];

		*class = (struct tune_class){.class = c};
		class_globs(class, s->base);
		if (class->glob_count > 0 && (class->function || !s->options->functions))
			tune->classes++;
	}
}

/* --- moves ---------------------------------------------------------------- */

enum knob { KNOB_LEVELS, KNOB_HIDDEN, KNOB_SCALE };

struct move {
	int class;
	enum knob knob;
	double factor; /* of scale */
	double gain;   /* energy saved for the error it makes, when it was measured alone */
	bool spent;
};

/* Makes the change; false: there is none to make. */
static bool
make(const struct tune *tune, const struct move *m, struct tune_setting *set, char change[64])
{
	const struct tune_class *class = &tune->class[m->class];
	struct tune_setting *s = &set[m->class];
	int levels = s->levels ? s->levels : class->base_levels, hidden = s->hidden ? s->hidden : class->base_hidden;
	double scale = s->scale > 0 ? s->scale : class->base_scale;

	switch (m->knob) {
	case KNOB_LEVELS:
		s->levels = levels - 1;
		snprintf(change, 64, "%s: levels %d", class->class->name, levels - 1);
		return class->levels && levels > LEVELS_LEAST;
	case KNOB_HIDDEN:
		s->hidden = hidden * 2 / 3;
		snprintf(change, 64, "%s: hidden %d", class->class->name, s->hidden);
		return class->function && s->hidden >= HIDDEN_LEAST;
	default:
		s->scale = scale * m->factor;
		/* Back where the recipe is: there is nothing to override. */
		if (fabs(s->scale - class->base_scale) < 1e-6 * s->scale)
			s->scale = 0;
		snprintf(change, 64, "%s: thresholds x %.3g", class->class->name, m->factor);
		return !class->function && scale > 0.05 && scale < 20;
	}
}

static int
list_moves(const struct tune *tune, struct move *move)
{
	int n = 0;

	for (int k = 0; k < tune->classes; k++) {
		move[n++] = (struct move){.class = k, .knob = KNOB_LEVELS};
		move[n++] = (struct move){.class = k, .knob = KNOB_HIDDEN};
	}
	return n;
}

/* --- stages --------------------------------------------------------------- */

/* More spikes a step, everywhere; *current moves on to what is best. */
static bool
measure_repeats(struct search *s, int *current, struct status *st)
{
	const struct tune_options *o = s->options;

	for (int repeat = 2; repeat <= 3 && !o->functions && s->tune->candidates < o->candidates; repeat++) {
		struct tune_setting set[TUNE_CLASSES] = {{0}};
		const struct tune_candidate *c;
		char change[64];
		bool any = false;

		for (int k = 0; k < s->tune->classes; k++) {
			set[k].repeat = s->tune->class[k].repeats ? repeat : 0;
			any |= s->tune->class[k].repeats;
		}
		if (!any)
			return true;
		snprintf(change, sizeof(change), "all: %d spikes a step", repeat);
		c = measure(s, set, change, TUNE_SENSITIVITY, o->first, o->few, st);
		if (!c)
			return false;
		if (tune_better(&o->target, best_point(c), best_point(&s->tune->candidate[*current])))
			*current = s->tune->candidates - 1;
	}
	return true;
}

/* Every class coarser alone. */
static bool
measure_sensitivity(struct search *s, int current, struct move *move, int *moves, struct status *st)
{
	const struct tune_options *o = s->options;
	const struct tune_candidate *base = &s->tune->candidate[current];
	int kept = 0, at = base->best;

	for (int i = 0; i < *moves && s->tune->candidates < o->candidates; i++) {
		struct tune_setting set[TUNE_CLASSES];
		struct tune_candidate *c;
		char change[64];
		double saved, error, noise = NOISE * base->point[at].squared_error;

		memcpy(set, base->set, sizeof(set));
		if (!make(s->tune, &move[i], set, change))
			continue;
		c = measure(s, set, change, TUNE_SENSITIVITY, o->first, o->few, st);
		if (!c)
			return false;
		saved = base->point[at].energy - c->point[at].energy;
		error = c->point[at].squared_error - base->point[at].squared_error;
		move[i].gain = saved / (fmax(error, 0) + noise);
		if (saved > 0)
			move[kept++] = move[i];
	}
	*moves = kept;
	return true;
}

static struct move *
most_gain(struct move *move, int moves)
{
	struct move *best = NULL;

	for (int i = 0; i < moves; i++)
		if (!move[i].spent && (!best || move[i].gain > best->gain))
			best = &move[i];
	return best;
}

/* Tries the move on the best so far; *current moves on when it is better. */
static bool
try_move(struct search *s, struct move *m, int *current, bool *better, struct status *st)
{
	const struct tune_options *o = s->options;
	struct tune_setting set[TUNE_CLASSES];
	struct tune_candidate *c;
	char change[64];

	*better = false;
	memcpy(set, s->tune->candidate[*current].set, sizeof(set));
	if (!make(s->tune, m, set, change))
		return true;
	c = measure(s, set, change, TUNE_SEARCH, o->first, o->few, st);
	if (!c)
		return false;
	*better = tune_better(&o->target, best_point(c), best_point(&s->tune->candidate[*current]));
	if (*better)
		*current = s->tune->candidates - 1;
	return true;
}

/* A move that was good may be good again, but less so. */
static bool
search_coarser(struct search *s, struct move *move, int moves, int *current, struct status *st)
{
	struct move *m;
	bool better;

	while (s->tune->candidates < s->options->candidates && (m = most_gain(move, moves))) {
		if (!try_move(s, m, current, &better, st))
			return false;
		m->gain /= 2;
		m->spent = !better;
	}
	return true;
}

static bool
search_thresholds(struct search *s, int *current, struct status *st)
{
	static const double factor[] = {1.25, 0.8};

	for (int f = 0; f < 2; f++)
		for (int k = 0; k < s->tune->classes && s->tune->candidates < s->options->candidates; k++) {
			struct move m = {.class = k, .knob = KNOB_SCALE, .factor = factor[f]};
			bool better;

			if (!try_move(s, &m, current, &better, st))
				return false;
		}
	return true;
}

bool
tune_compares(const struct tune_candidate *c)
{
	return c->stage == TUNE_SENSITIVITY || c->stage == TUNE_SEARCH;
}

static bool
is_chosen(const int *list, int n, const struct tune *tune, int candidate)
{
	for (int i = 0; i < n; i++)
		if (strcmp(tune->candidate[list[i]].sites, tune->candidate[candidate].sites) == 0)
			return true;
	return false;
}

/* The candidate at its best step if all its drops were `luck` times larger. */
static struct tune_point
foreseen(const struct tune_target *target, const struct tune_candidate *c, double luck)
{
	struct tune_point best = {0};

	for (int i = 0; i < c->points; i++) {
		struct tune_point p = c->point[i];

		p.expected *= luck;
		if (i == 0 || tune_better(target, &p, &best))
			best = p;
	}
	return best;
}

/* The best of those in [0, end) that are no finalists yet, and what is foreseen of it; -1: none. */
static int
next_finalist(const struct search *s, const int *list, int n, int end, double luck, struct tune_point *point)
{
	const struct tune *tune = s->tune;
	int best = -1;

	for (int i = 0; i < end; i++) {
		struct tune_point p;

		if (!tune_compares(&tune->candidate[i]) || is_chosen(list, n, tune, i))
			continue;
		p = foreseen(&s->options->target, &tune->candidate[i], luck);
		if (best >= 0 && !tune_better(&s->options->target, &p, point))
			continue;
		best = i;
		*point = p;
	}
	return best;
}

/* How many times larger a finalist's drop is on more pictures than it was on few, at step t. */
static double
luck_of(const struct tune_candidate *few, const struct tune_candidate *more, int t)
{
	for (int i = 0; i < more->points; i++)
		if (more->point[i].t == t && few->point[i].expected > 0)
			return fmax(1, more->point[i].expected / few->point[i].expected);
	return 1;
}

/* The best on more pictures, one after the other, until no other is foreseen to be better. What
 * is best on few pictures was lucky; how lucky is learned from those measured again. */
static bool
measure_finalists(struct search *s, struct status *st)
{
	const struct tune_options *o = s->options;
	struct tune *tune = s->tune;
	int list[FINALISTS], end = tune->candidates;
	double luck = 1, sum = 0;

	for (int n = 0; n < FINALISTS; n++) {
		struct tune_point point;
		struct tune_candidate *c;

		list[n] = next_finalist(s, list, n, end, luck, &point);
		if (list[n] < 0 || (n > 0 && !tune_better(&o->target, &point, best_point(&tune->candidate[tune->chosen]))))
			break;
		c = measure(s, tune->candidate[list[n]].set, tune->candidate[list[n]].change, TUNE_FINALIST, o->first, o->count,
			    st);
		if (!c)
			return false;
		if (n == 0 || tune_better(&o->target, best_point(c), best_point(&tune->candidate[tune->chosen])))
			tune->chosen = tune->candidates - 1;
		sum += luck_of(&tune->candidate[list[n]], c, point.t);
		luck = sum / (n + 1);
	}
	return true;
}

/* The choice is judged at the step it was chosen for. */
static bool
hold_out(struct search *s, struct status *st)
{
	const struct tune_options *o = s->options;
	const struct tune_candidate *chosen = &s->tune->candidate[s->tune->chosen];
	int best = chosen->best;
	struct tune_candidate *c;

	if (o->held_count == 0)
		return true;
	c = measure(s, chosen->set, chosen->change, TUNE_HELD_OUT, o->held_first, o->held_count, st);
	if (!c)
		return false;
	c->best = best;
	s->tune->held = s->tune->candidates - 1;
	s->tune->confirmed = tune_confirms(&o->target, best_point(c));
	return true;
}

static bool
run_search(struct search *s, struct status *st)
{
	static const struct tune_setting none[TUNE_CLASSES];
	const struct tune_options *o = s->options;
	struct move move[MOVES];
	int moves = list_moves(s->tune, move), current = 1;

	if (!measure(s, none, "the recipe", TUNE_RECIPE, o->first, o->count, st))
		return false;
	s->tune->chosen = 0;
	return measure(s, none, "the recipe", TUNE_SENSITIVITY, o->first, o->few, st) && measure_repeats(s, &current, st) &&
	       measure_sensitivity(s, current, move, &moves, st) && search_coarser(s, move, moves, &current, st) &&
	       search_thresholds(s, &current, st);
}

/* Stopped while searching, the best of what was searched is the choice. */
static bool
run_stages(struct search *s, struct status *st)
{
	bool searched = run_search(s, st);
	struct tune_point point;
	int best = next_finalist(s, NULL, 0, s->tune->candidates, 1, &point);

	s->tune->chosen = best >= 0 ? best : s->tune->chosen;
	return searched && measure_finalists(s, st) && hold_out(s, st);
}

bool
tune_run(const struct plan *base, const struct tune_options *options, const struct tune_host *host, struct tune *tune,
	 struct status *st)
{
	struct search s = {tune, base, options, host};
	bool ok;

	*tune = (struct tune){.chosen = -1, .held = -1};
	if (!graph_has(base->model->graph, LAYER_EMBED))
		return status_fail(st, STATUS_USAGE,
				   "tuning knows the sites of transformers, and %s is none; sweep tries settings of it",
				   base->model->name);
	tune->candidate = calloc(TUNE_CANDIDATES, sizeof(*tune->candidate));
	if (!tune->candidate)
		return status_nomem(st, "tuning");
	find_classes(&s);
	ok = run_stages(&s, st);
	if (tune->chosen >= 0)
		tune->met = tune_meets(&options->target, best_point(&tune->candidate[tune->chosen]), false);
	return ok;
}

void
tune_done(struct tune *tune)
{
	free(tune->candidate);
	*tune = (struct tune){.chosen = -1, .held = -1};
}

/* --- the front ------------------------------------------------------------ */

static int
cheaper(const void *a, const void *b, void *ctx)
{
	const struct tune *tune = ctx;
	double x = best_point(&tune->candidate[*(const int *)a])->energy;
	double y = best_point(&tune->candidate[*(const int *)b])->energy;

	return (x > y) - (x < y);
}

int
tune_front(const struct tune *tune, int *front)
{
	int all[TUNE_CANDIDATES], n = 0, kept = 0;

	for (int i = 0; i < tune->candidates; i++)
		if (tune_compares(&tune->candidate[i]))
			all[n++] = i;
	qsort_r(all, (size_t)n, sizeof(*all), cheaper, (void *)tune);
	for (int i = 0; i < n; i++)
		if (kept == 0 || best_point(&tune->candidate[all[i]])->squared_error <
				     best_point(&tune->candidate[front[kept - 1]])->squared_error)
			front[kept++] = all[i];
	return kept;
}
