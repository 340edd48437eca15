#include "ui/findings.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct findings *
findings_of(struct app *app)
{
	return app->findings;
}

void
findings_forget_model(struct app *app)
{
	ladder_done(&app->findings->ladder);
	attribution_done(&app->findings->attribution);
}

void
findings_forget_curves(struct app *app)
{
	struct findings *f = app->findings;

	for (int i = 0; i < f->curves; i++)
		free(f->curve[i].point);
	free(f->curve);
	f->curve = NULL;
	f->curves = 0;
	f->ann_accuracy = NAN;
}

void
findings_free(struct app *app)
{
	if (!app->findings)
		return;
	findings_forget_model(app);
	findings_forget_curves(app);
	free(app->findings);
	app->findings = NULL;
}

struct curve *
findings_add_curve(struct app *app, const char *name, int64_t run, int count)
{
	struct findings *f = app->findings;
	struct curve *grown = realloc(f->curve, (size_t)(f->curves + 1) * sizeof(*grown));
	struct curve *curve;

	if (!grown)
		return NULL;
	f->curve = grown;
	curve = &grown[f->curves];
	*curve = (struct curve){.run = run, .count = count, .point = calloc((size_t)count + 1, sizeof(*curve->point))};
	if (!curve->point)
		return NULL;
	snprintf(curve->name, sizeof(curve->name), "%s", name);
	f->curves++;
	return curve;
}
