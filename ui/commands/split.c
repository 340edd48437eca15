/* Two plans side by side: same picture, same t. */
#include "ui/commands/commands.h"

#include "ui/workbench/notebook.h"
#include "ui/workbench/steps.h"

#include <string.h>

bool
adopt_split(struct app *app, struct plan *plan, struct status *st)
{
	struct walk *walk = walk_new(plan, st);
	struct spike_log *spikes = walk ? spike_log_new(plan, st) : NULL;

	if (!spikes || !notebook_plan(app, plan, st) || !walk_show(walk, app->pixels, app->label, st)) {
		spike_log_free(spikes);
		walk_free(walk);
		plan_free(plan);
		return false;
	}
	app_set_split(app, plan, walk, spikes);
	return steps_follow(app, st);
}

static bool
print_split(struct app *app, struct status *st)
{
	const struct split *split = &app->split;
	struct output o;

	output_init(&o);
	output_text(&o, "recipe", app->plan ? app->plan->recipe : NULL);
	output_text(&o, "plan", app->plan ? app->plan->hash : NULL);
	output_text(&o, "other_recipe", split->plan ? split->plan->recipe : NULL);
	output_text(&o, "other_plan", split->plan ? split->plan->hash : NULL);
	output_int(&o, "t", app->walk ? app->walk->t : 0);
	return output_print(&o, app->options.format, app->out, st);
}

bool
cmd_split(struct app *app, const struct call *call, struct status *st)
{
	struct plan *plan;

	if (call->args == 0)
		return print_split(app, st);
	if (strcmp(call->arg[0], "off") == 0) {
		app_set_split(app, NULL, NULL, NULL);
		return true;
	}
	if (!need_walk(app, st) || !(plan = plan_named(app, call->arg[0], (int)call_int(call, "T", app->plan->T), st)) ||
	    !adopt_split(app, plan, st))
		return false;
	return print_split(app, st);
}
