/* The difference of two scenes: what the second plan does is taken off in every step. */
#include "ui/scene/scene.h"

#include <stdlib.h>

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

static bool
step_make(struct walk_step *step, int classes, int sites)
{
	step->logits = malloc((size_t)classes * sizeof(*step->logits));
	step->site = malloc((size_t)sites * sizeof(*step->site));
	return step->logits && step->site;
}

bool
scene_difference(struct scene *out, const struct scene *a, const struct scene *b)
{
	int classes = a->model->classes, sites = site_count(a->model);
	struct walk_step *step = calloc((size_t)a->t + 1, sizeof(*step));

	*out = *a;
	out->step = step;
	out->minus = b;
	out->reference = NULL;
	for (int i = 0; step && i < a->t; i++) {
		if (!step_make(&step[i], classes, sites))
			return false;
		subtract_step(&step[i], &a->step[i], &b->step[i], classes, sites);
	}
	return step != NULL;
}

void
scene_difference_done(struct scene *scene)
{
	for (int i = 0; scene->step && i < scene->t; i++) {
		free(scene->step[i].logits);
		free(scene->step[i].site);
	}
	free((void *)scene->step);
	scene->step = NULL;
}
