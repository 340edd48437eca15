/* Breakpoints and watches. */
#include "ui/commands/commands.h"

#include "ui/workbench/steps.h"

#include <stdlib.h>
#include <string.h>

/* The fault of a condition, as one of the line. */
static void
point_at(const struct call *call, const struct condition_fault *fault)
{
	const char *text = call->arg[call->args - 1];
	const char *in_line = strstr(call->line, text);

	if (!in_line || fault->length == 0)
		return;
	*call->fault = (struct fault){(size_t)(in_line - call->line) + fault->at, fault->length};
}

struct condition *
read_condition(struct app *app, const struct call *call, struct status *st)
{
	struct condition_fault fault;
	struct condition *c = condition_parse(call->arg[0], app->model, &fault, st);

	if (!c)
		point_at(call, &fault);
	if (c && condition_check(c, app->walk, st))
		return c;
	condition_free(c);
	return NULL;
}

static void
output_breakpoint(struct output *o, const struct app *app, const struct breakpoint *p)
{
	char where[SITE_NAME_MAX + 48];

	output_int(o, "number", p->number);
	output_text(o, "kind", !p->is_watch ? "break" : p->is_silent ? "watch --silent" : "watch");
	output_text(o, "condition", p->text);
	output_text(o, "state", !p->enabled ? "disabled" : p->condition ? "enabled" : "asleep");
	output_int(o, "hits", p->hits);
	output_int(o, "last_t", p->last_t);
	if (p->condition && (p->known || p->last_t > 0)) {
		output_real(o, "value", p->found.value);
		output_text(o, "where", found_name(app, &p->found, where, sizeof(where)));
	} else {
		output_null(o, "value");
		output_null(o, "where");
	}
}

static bool
add(struct app *app, const struct call *call, bool is_watch, struct status *st)
{
	struct condition_fault fault = {0, 0};
	struct breakpoint *p;
	struct output o;

	if (!need_model(app, st))
		return false;
	p = breakpoints_add(&app->breakpoints, call->arg[0], is_watch, is_watch && call_has(call, "silent"), app->model,
			    app->walk, &fault, st);
	if (!p) {
		point_at(call, &fault);
		return false;
	}
	if (is_watch && app->walk)
		breakpoints_look(&app->breakpoints, app->walk);
	output_init(&o);
	output_breakpoint(&o, app, p);
	return output_print(&o, app->options.format, app->out, st);
}

bool
cmd_break(struct app *app, const struct call *call, struct status *st)
{
	return add(app, call, false, st);
}

bool
cmd_watch(struct app *app, const struct call *call, struct status *st)
{
	return add(app, call, true, st);
}

bool
cmd_info_breakpoints(struct app *app, const struct call *call, struct status *st)
{
	struct output o;

	(void)call;
	output_init(&o);
	output_table(&o, "breakpoints");
	for (int i = 0; i < app->breakpoints.count; i++) {
		output_row(&o);
		output_breakpoint(&o, app, &app->breakpoints.list[i]);
	}
	output_end(&o);
	return output_print(&o, app->options.format, app->out, st);
}

/* --- by number ------------------------------------------------------------ */

static bool
known_numbers(struct app *app, const struct call *call, struct status *st)
{
	for (int i = 0; i < call->args; i++)
		if (!breakpoints_find(&app->breakpoints, (int)call_arg_int(call, i, 0)))
			return status_fail(st, STATUS_USAGE, "there is no breakpoint %s; type: info breakpoints", call->arg[i]);
	return true;
}

static bool
set_enabled(struct app *app, const struct call *call, bool enabled, struct status *st)
{
	if (!known_numbers(app, call, st))
		return false;
	for (int i = 0; i < app->breakpoints.count; i++)
		if (call->args == 0)
			app->breakpoints.list[i].enabled = enabled;
	for (int i = 0; i < call->args; i++)
		breakpoints_find(&app->breakpoints, (int)call_arg_int(call, i, 0))->enabled = enabled;
	return true;
}

bool
cmd_enable(struct app *app, const struct call *call, struct status *st)
{
	return set_enabled(app, call, true, st);
}

bool
cmd_disable(struct app *app, const struct call *call, struct status *st)
{
	return set_enabled(app, call, false, st);
}

bool
cmd_delete(struct app *app, const struct call *call, struct status *st)
{
	if (!known_numbers(app, call, st))
		return false;
	while (call->args == 0 && app->breakpoints.count > 0)
		breakpoints_remove(&app->breakpoints, app->breakpoints.list[0].number);
	for (int i = 0; i < call->args; i++)
		breakpoints_remove(&app->breakpoints, (int)call_arg_int(call, i, 0));
	return true;
}
