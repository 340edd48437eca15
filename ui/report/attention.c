/* What a plan makes of a picture: attention, or channels of a residual network. */
#include "model/graph.h"
#include "ui/report/report.h"

#include "base/text.h"
#include "ui/commands/commands.h"
#include "ui/workbench/state.h"

#include <stdlib.h>
#include <string.h>

enum { STEPS_MOST = 64 };

static bool
draw_channels(struct report *r, struct status *st)
{
	struct app *app = r->app;
	char caption[160], site[SITE_NAME_MAX];

	snprintf(caption, sizeof(caption), "channels of %s after %d steps, beside the ANN's",
		 site_name(app->selection.site, site), app->walk->t);
	document_text(r->d, "%s after %d steps.", app->title ? app->title : "The picture", app->walk->t);
	return report_view(r, "features", 148, 30, caption, st) &&
	       report_view(r, "readout", REPORT_COLUMNS, 20, "the best classes of both networks, and their logits by time step",
			   st);
}

static bool
draw_attention(struct report *r, struct status *st)
{
	struct app *app = r->app;
	char caption[160];

	if (graph_maps(app->model).heads == 0)
		return draw_channels(r, st);
	snprintf(caption, sizeof(caption),
		 "attention of block %d, head %d, after %d steps: what is estimated, the last correction, the ANN",
		 app->selection.layer, app->selection.head, app->walk->t);
	document_text(r->d, "%s after %d steps.", app->title ? app->title : "The picture", app->walk->t);
	return report_view(r, "image", 50, 22, "the picture and its patches", st) &&
	       report_view(r, "attention", 148, 24, caption, st) &&
	       report_view(r, "readout", REPORT_COLUMNS, 20, "the best classes of both networks, and their logits by time step",
			   st);
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

bool
report_attention(struct report *r, struct status *st)
{
	const struct app *app = r->app;

	document_heading(r->d, app->model && graph_maps(app->model).heads == 0 ? "Channels" : "Attention");
	if (app->walk && app->walk->shown && app->walk->t > 0 && strcmp(app->plan->hash, r->plan) == 0)
		return draw_attention(r, st);
	if (app->model && strcmp(app->model->hash, r->model) == 0 && (app->pixels || app->data))
		return step_and_draw(r, st);
	document_text(r->d, "Not drawn: load the model and open a data set or show a picture, and make the report again.");
	return true;
}
