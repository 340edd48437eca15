/* The notebook's file: shared, checked, copied, made smaller. */
#include "ui/commands/commands.h"

#include "db/care.h"
#include "db/store.h"
#include "db/transfer.h"

#include <stdlib.h>

static bool
cancelled(void *ctx)
{
	struct app *app = ctx;

	if (app->poll)
		app->poll(app->poll_ctx, "notebook", 0, 0);
	return atomic_load(&app->cancel);
}

/* --- export, import ------------------------------------------------------- */

/* A run by its number, or a session by its name. */
static bool
choose(struct app *app, const char *word, struct transfer *t, struct status *st)
{
	long number;

	if (value_int(word, 1, 9e15, &number))
		t->run = number;
	else
		t->session = store_session_open(app->store, word, st);
	return t->run || t->session;
}

static bool
print_transfer(struct app *app, const struct transfer *t, const char *file, struct status *st)
{
	struct output o;

	output_init(&o);
	output_text(&o, "file", file);
	output_int(&o, "runs", t->runs);
	output_int(&o, "known", t->known);
	output_int(&o, "sessions", t->sessions);
	output_int(&o, "plans", t->plans);
	output_int(&o, "ugos", t->ugos);
	return output_print(&o, app->options.format, app->out, st);
}

bool
cmd_export(struct app *app, const struct call *call, struct status *st)
{
	struct transfer t = {.cancelled = cancelled, .cancel_ctx = app};

	return choose(app, call->arg[0], &t, st) && transfer_export(app->store, &t, call->arg[1], call_has(call, "force"), st) &&
	       print_transfer(app, &t, call->arg[1], st);
}

bool
cmd_import(struct app *app, const struct call *call, struct status *st)
{
	struct transfer t = {.cancelled = cancelled, .cancel_ctx = app};

	return transfer_import(app->store, &t, call->arg[0], st) && print_transfer(app, &t, call->arg[0], st);
}

/* --- db ------------------------------------------------------------------- */

static void
problem_row(void *ctx, const char *where, const char *problem)
{
	struct output *o = ctx;

	output_row(o);
	output_text(o, "where", where);
	output_text(o, "problem", problem);
}

bool
cmd_db_check(struct app *app, const struct call *call, struct status *st)
{
	struct care care = {cancelled, app};
	struct status printed = {0};
	struct output o;
	bool ok;

	(void)call;
	output_init(&o);
	output_text(&o, "file", store_path(app->store));
	output_table(&o, "problems");
	ok = care_check(app->store, &care, problem_row, &o, st);
	output_end(&o);
	output_bool(&o, "whole", ok);
	if (!output_print(&o, app->options.format, app->out, &printed))
		return status_fail(st, printed.code, "%s", printed.message);
	return ok;
}

bool
cmd_db_backup(struct app *app, const struct call *call, struct status *st)
{
	struct care care = {cancelled, app};
	struct output o;

	if (!care_backup(app->store, &care, call->arg[0], call_has(call, "force"), st))
		return false;
	output_init(&o);
	output_text(&o, "file", call->arg[0]);
	return output_print(&o, app->options.format, app->out, st);
}

bool
cmd_db_vacuum(struct app *app, const struct call *call, struct status *st)
{
	struct care care = {cancelled, app};
	int64_t before, after;
	struct output o;

	(void)call;
	if (!care_vacuum(app->store, &care, &before, &after, st))
		return false;
	output_init(&o);
	output_text(&o, "file", store_path(app->store));
	output_int(&o, "before_bytes", before);
	output_int(&o, "after_bytes", after);
	return output_print(&o, app->options.format, app->out, st);
}

static bool
print_pruned(struct app *app, const struct prune *p, struct status *st)
{
	struct output o;

	output_init(&o);
	output_int(&o, "runs", p->runs);
	output_int(&o, "tensors", p->tensors);
	output_int(&o, "plans", p->plans);
	output_int(&o, "sessions", p->sessions);
	output_bool(&o, "deleted", !p->dry_run);
	return output_print(&o, app->options.format, app->out, st);
}

bool
cmd_db_prune(struct app *app, const struct call *call, struct status *st)
{
	struct prune p = {.status = call_text(call, "status"),
			  .before = call_text(call, "before"),
			  .tensors_only = call_has(call, "tensors"),
			  .dry_run = call_has(call, "dry-run")};

	if (call_has(call, "session") && !(p.session = store_session_open(app->store, call_text(call, "session"), st)))
		return false;
	if (!p.status && !p.before && !p.session)
		return status_fail(st, STATUS_USAGE,
				   "db prune: say which runs: --status, --before or --session (and try --dry-run)");
	return care_prune(app->store, app->session, &p, st) && print_pruned(app, &p, st);
}
