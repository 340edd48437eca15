/* What this machine does with a plan. */
#include "ui/commands/commands.h"

#include "spikescope.h"
#include "ui/scene/findings.h"
#include "ui/workbench/notebook.h"

static void
output_steps(struct output *o, const struct profile *p)
{
	output_table(o, "steps");
	for (int t = 0; t < p->steps; t++) {
		output_row(o);
		output_int(o, "t", t + 1);
		output_real(o, "seconds", p->step[t]);
		output_real(o, "ratio", p->step[t] / p->reference);
	}
	output_end(o);
}

static void
output_sites(struct output *o, const struct app *app, const struct profile *p)
{
	output_table(o, "sites");
	for (int i = 0; i < p->sites; i++) {
		struct site site = site_at(app->model, i);
		const struct profile_site *own = &p->site[i];
		char name[SITE_NAME_MAX];

		if (!site_is_stepped(site.kind))
			continue;
		output_row(o);
		output_text(o, "site", site_name(site, name));
		output_real(o, "seconds", own->seconds);
		output_real(o, "spikes", own->units);
		output_real(o, "rate", own->neurons > 0 ? own->events / own->neurons : 0);
		output_int(o, "bytes", (int64_t)own->bytes);
	}
	output_end(o);
}

static bool
print_profile(struct app *app, const struct profile *p, bool sites, struct status *st)
{
	struct output o;
	struct ceiling ceiling;
	char processor[128];
	double stepped = 0;

	for (int t = 0; t < p->steps; t++)
		stepped += p->step[t];
	if (!ceiling_measure(&ceiling, st))
		return false;
	output_init(&o);
	cpu_name(processor, sizeof(processor));
	output_text(&o, "processor", processor);
	output_text(&o, "kernels", kernels_name(kernels_used()));
	output_real(&o, "ceiling_floats", ceiling.floats);
	output_real(&o, "ceiling_spikes", ceiling.spikes);
	output_real(&o, "ceiling_bytes", ceiling.bytes);
	output_text(&o, "plan", p->hash);
	output_int(&o, "repeats", p->repeats);
	output_real(&o, "reference_seconds", p->reference);
	output_real(&o, "stepped_seconds", stepped);
	output_real(&o, "run_seconds", p->run);
	output_int(&o, "state_bytes", (int64_t)p->state_bytes);
	if (!sites || app->options.format == FORMAT_JSON)
		output_steps(&o, p);
	if (sites || app->options.format == FORMAT_JSON)
		output_sites(&o, app, p);
	return output_print(&o, app->options.format, app->out, st);
}

/* The reference and the whole run at t = 0, steps at their t. */
static void
record_profile(struct app *app, int64_t run, const struct profile *p)
{
	notebook_metric(app, run, 0, "reference_seconds", p->reference);
	notebook_metric(app, run, 0, "run_seconds", p->run);
	for (int t = 0; t < p->steps; t++)
		notebook_metric(app, run, t + 1, "step_seconds", p->step[t]);
}

bool
cmd_bench(struct app *app, const struct call *call, struct status *st)
{
	struct progress progress = app_progress(app);
	struct profile_options options = {.steps = (int)call_int(call, "t", 0), .repeats = (int)call_int(call, "repeats", 0)};
	struct profile *profile = &app->findings->profile;
	struct status printed = {0};
	double stepped = 0;
	int64_t run;
	bool ok;

	if (!need_picture(app, st) || !need_plan_or_default(app, st))
		return false;
	options.pixels = app->pixels;
	profile_done(profile);
	run = notebook_run_begin(app, "bench", app->plan, app->data);
	ok = profile_run(app->plan, &options, profile, &progress, st);
	for (int t = 0; t < profile->steps; t++)
		stepped += profile->step[t];
	if (run)
		record_profile(app, run, profile);
	notebook_run_end(app, run, st, profile->repeats * (profile->reference + profile->run + stepped));
	app->serial++;
	if (profile->steps > 0 && !print_profile(app, profile, call_has(call, "sites"), &printed))
		return status_fail(st, printed.code, "%s", printed.message);
	return ok;
}
