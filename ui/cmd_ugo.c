/* Commands about universal group operators. */
#include "ui/commands.h"

#include "base/text.h"
#include "db/store.h"
#include "ui/notebook.h"

#include <stdlib.h>
#include <string.h>

/* --- the session's collection --------------------------------------------- */

static int
ugo_index(const struct app *app, const char *name)
{
	for (int i = 0; i < app->ugos; i++)
		if (strcmp(app->ugo[i]->name, name) == 0)
			return i;
	return -1;
}

/* A UGO by its name, or that of a site of the plan; exact. */
static const struct ugo *
ugo_named(const struct app *app, const char *name, struct status *st)
{
	int i = ugo_index(app, name);
	struct site site;

	if (i >= 0)
		return app->ugo[i];
	if (app->plan && site_parse(app->vit, name, &site)) {
		const struct ugo *ugo = app->plan->site[site_index(app->vit, site)].ugo;

		if (!ugo)
			status_fail(st, STATUS_USAGE, "%s has no UGO under this plan; type: plan", name);
		return ugo;
	}
	status_fail(st, STATUS_USAGE, "there is no UGO \"%s\"; type: ugo list, or ugo fit FUNCTION --name %s", name, name);
	return NULL;
}

/* Takes ugo, replacing one of the same name. */
static bool
ugo_keep(struct app *app, struct ugo *ugo, struct status *st)
{
	int i = ugo_index(app, ugo->name);

	if (i < 0 && app->ugos == APP_UGOS) {
		ugo_done(ugo);
		free(ugo);
		return status_fail(st, STATUS_FAILED, "%d UGOs are kept already; give --name of one to replace", APP_UGOS);
	}
	if (i < 0) {
		i = app->ugos++;
	} else {
		ugo_done(app->ugo[i]);
		free(app->ugo[i]);
	}
	app->ugo[i] = ugo;
	notebook_ugo(app, ugo);
	return true;
}

static bool
ugo_rename(struct ugo *ugo, const char *name, struct status *st)
{
	if (!*name || strlen(name) >= sizeof(ugo->name))
		return status_fail(st, STATUS_USAGE, "a UGO's name has 1 to %d bytes, not \"%s\"", (int)sizeof(ugo->name) - 1,
				   name);
	text_escape(name, ugo->name, sizeof(ugo->name));
	return true;
}

/* --- list ----------------------------------------------------------------- */

static void
output_ugo_row(struct output *o, const struct record_ugo *u, const char *kept)
{
	output_row(o);
	output_text(o, "name", u->name);
	output_text(o, "function", u->function);
	output_int(o, "hidden", u->hidden);
	output_real(o, "lo", u->lo);
	output_real(o, "hi", u->hi);
	output_text(o, "form", u->form);
	output_real(o, "rmse", u->rmse);
	output_real(o, "max_error", u->max_error);
	output_text(o, "kept", kept);
}

struct listing {
	struct app *app;
	struct output *o;
};

static bool
list_stored(void *ctx, const struct record_ugo *u)
{
	struct listing *l = ctx;

	if (ugo_index(l->app, u->name) < 0)
		output_ugo_row(l->o, u, "notebook");
	return true;
}

bool
cmd_ugo_list(struct app *app, const struct call *call, struct status *st)
{
	struct output o;
	struct listing listing = {app, &o};

	(void)call;
	output_init(&o);
	output_table(&o, "ugos");
	for (int i = 0; i < app->ugos; i++) {
		const struct ugo *u = app->ugo[i];

		output_ugo_row(&o,
			       &(struct record_ugo){.name = u->name,
						    .function = u->known ? function_table[u->function].name : NULL,
						    .lo = u->lo,
						    .hi = u->hi,
						    .hidden = u->hidden,
						    .form = u->h ? "segment" : "relu",
						    .rmse = u->rmse,
						    .max_error = u->max_error},
			       "session");
	}
	if (!store_ugo_list(app->store, NULL, list_stored, &listing, st)) {
		output_done(&o);
		return false;
	}
	if (json_array_size(o.table) == 0)
		app_say(app, "no UGOs yet; type: ugo fit gelu");
	output_end(&o);
	return output_print(&o, app->options.format, app->out, st);
}

/* --- fit ------------------------------------------------------------------ */

static bool
parse_function(const char *name, enum function *f, struct status *st)
{
	char list[300];
	size_t at = 0;

	if (function_parse(name, f))
		return true;
	for (int i = 0; i < FUNCTIONS && at < sizeof(list); i++)
		at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s", i ? ", " : "", function_table[i].name);
	return status_fail(st, STATUS_USAGE, "there is no function \"%s\"; there are %s", name, list);
}

static bool
fit_request(const struct call *call, struct ugo_request *request, struct status *st)
{
	const struct function_info *info;

	if (!parse_function(call->arg[0], &request->function, st))
		return false;
	info = &function_table[request->function];
	request->lo = info->lo;
	request->hi = info->hi;
	request->hidden = (int)call_int(call, "hidden", 32);
	request->weighting = call_has(call, "relative") || info->relative ? UGO_RELATIVE : UGO_ABSOLUTE;
	if (call_has(call, "absolute"))
		request->weighting = UGO_ABSOLUTE;
	if (call_has(call, "range"))
		value_range(call_text(call, "range"), &request->lo, &request->hi);
	return true;
}

static void
output_ugo(struct output *o, const struct ugo *u)
{
	output_text(o, "name", u->name);
	output_text(o, "function", u->known ? function_table[u->function].name : NULL);
	output_int(o, "hidden", u->hidden);
	output_json(o, "range", json_pack("[f,f]", u->lo, u->hi));
	output_text(o, "form", u->h ? "segment" : "relu");
	output_real(o, "rmse", u->rmse);
	output_real(o, "max_error", u->max_error);
	if (u->known && function_table[u->function].relative) {
		output_real(o, "relative_rmse", u->rel_rmse);
		output_real(o, "relative_max_error", u->rel_max_error);
	}
}

static void
output_limits(struct output *o, const struct ugo *u, enum ugo_weighting weighting)
{
	double rmse, max_error;

	ugo_limit(u->function, u->lo, u->hi, weighting, u->hidden, &rmse, &max_error);
	output_text(o, "weighting", weighting == UGO_RELATIVE ? "relative" : "absolute");
	output_real(o, "limit_rmse", rmse);
	output_real(o, "limit_max_error", max_error);
}

static bool
fit(struct app *app, const struct call *call, const struct ugo_request *request, struct ugo **out, struct status *st)
{
	struct ugo *ugo = calloc(1, sizeof(*ugo));
	char name[sizeof(ugo->name)];

	if (!ugo)
		return status_nomem(st, "a UGO");
	snprintf(name, sizeof(name), "%s-%d", function_table[request->function].name, request->hidden);
	if (ugo_fit(ugo, request, st) && ugo_rename(ugo, call_has(call, "name") ? call_text(call, "name") : name, st)) {
		*out = ugo;
		return ugo_keep(app, ugo, st);
	}
	ugo_done(ugo);
	free(ugo);
	return false;
}

bool
cmd_ugo_fit(struct app *app, const struct call *call, struct status *st)
{
	struct ugo_request request = {0};
	double started = seconds_now(), seconds;
	struct ugo *ugo = NULL;
	struct output o;
	int64_t run;
	bool ok;

	if (!fit_request(call, &request, st))
		return false;
	run = notebook_run_begin(app, "fit", NULL, NULL);
	ok = fit(app, call, &request, &ugo, st);
	seconds = seconds_now() - started;
	if (ok) {
		notebook_metric(app, run, 0, "hidden", ugo->hidden);
		notebook_metric(app, run, 0, "rmse", ugo->rmse);
		notebook_metric(app, run, 0, "max_error", ugo->max_error);
	}
	notebook_run_end(app, run, st, seconds);
	if (!ok)
		return false;
	output_init(&o);
	output_ugo(&o, ugo);
	output_limits(&o, ugo, request.weighting);
	output_real(&o, "certificate", ugo_certificate(ugo));
	output_real(&o, "seconds", seconds);
	return output_print(&o, app->options.format, app->out, st);
}

/* --- show, import, export ------------------------------------------------- */

bool
cmd_ugo_show(struct app *app, const struct call *call, struct status *st)
{
	const struct ugo *u = ugo_named(app, call->arg[0], st);
	struct output o;

	if (!u)
		return false;
	output_init(&o);
	output_ugo(&o, u);
	if (u->known)
		output_limits(&o, u, function_table[u->function].relative ? UGO_RELATIVE : UGO_ABSOLUTE);
	output_table(&o, "knots");
	for (int i = 0; i < u->nodes; i++) {
		output_row(&o);
		output_real(&o, "x", u->t[i]);
		output_real(&o, "y", u->y[i]);
		if (u->known)
			output_real(&o, "error", u->y[i] - function_eval(u->function, u->t[i]));
	}
	output_end(&o);
	return output_print(&o, app->options.format, app->out, st);
}

/* --function says what the weights approximate, so that errors can be told. */
static bool
import_function(struct ugo *ugo, const struct call *call, struct status *st)
{
	if (!call_has(call, "function"))
		return true;
	if (!parse_function(call_text(call, "function"), &ugo->function, st))
		return false;
	ugo->known = true;
	ugo->lo = function_table[ugo->function].lo;
	ugo->hi = function_table[ugo->function].hi;
	if (call_has(call, "range"))
		value_range(call_text(call, "range"), &ugo->lo, &ugo->hi);
	ugo_measure(ugo);
	return true;
}

bool
cmd_ugo_import(struct app *app, const struct call *call, struct status *st)
{
	struct ugo *ugo = calloc(1, sizeof(*ugo));
	struct output o;

	if (!ugo)
		return status_nomem(st, "a UGO");
	if (!ugo_import(ugo, call->arg[0], call->arg[1], st) ||
	    !ugo_rename(ugo, call->args > 2 ? call->arg[2] : call->arg[1], st) || !import_function(ugo, call, st)) {
		ugo_done(ugo);
		free(ugo);
		return false;
	}
	if (!ugo_keep(app, ugo, st))
		return false;
	output_init(&o);
	output_ugo(&o, ugo);
	return output_print(&o, app->options.format, app->out, st);
}

bool
cmd_ugo_export(struct app *app, const struct call *call, struct status *st)
{
	const struct ugo *u = ugo_named(app, call->arg[0], st);
	struct output o;

	if (!u || !ugo_export(u, call->arg[1], call_has(call, "prefix") ? call_text(call, "prefix") : u->name,
			      call_has(call, "force"), st))
		return false;
	output_init(&o);
	output_text(&o, "name", u->name);
	output_text(&o, "file", call->arg[1]);
	return output_print(&o, app->options.format, app->out, st);
}
