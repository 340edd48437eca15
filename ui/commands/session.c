/* Sessions: named, reopened, taken back. */
#include "ui/commands/commands.h"

#include "db/store.h"
#include "ui/shell/repl.h"
#include "ui/workbench/notebook.h"
#include "ui/workbench/state.h"

#include <stdlib.h>

static bool
print_session(struct app *app, struct status *st)
{
	struct output o;

	output_init(&o);
	output_int(&o, "session", app->session);
	return output_print(&o, app->options.format, app->out, st);
}

/* What is loaded goes along, so that reopening the session brings it back. */
bool
cmd_session_new(struct app *app, const struct call *call, struct status *st)
{
	int64_t session = store_session_new(app->store, call->args ? call->arg[0] : NULL, st);
	char *state;
	bool ok;

	if (!session)
		return false;
	state = state_capture(app);
	ok = state && store_session_state(app->store, session, state, st);
	free(state);
	if (!ok)
		return state ? false : status_nomem(st, "a session");
	notebook_session_enter(app, session, true);
	return print_session(app, st);
}

static bool
remember(void *ctx, const char *line)
{
	(void)ctx;
	repl_remember(line);
	return true;
}

static bool
reopen(struct app *app, int64_t session, bool bare, bool take, struct status *st)
{
	char *state = store_session_state_last(app->store, session, st);
	bool ok = st->code == STATUS_OK;

	if (ok && state && !bare)
		ok = state_restore(app, state, false, st);
	if (ok && state && !bare && !take)
		state_offer(app, state);
	if (ok && state && take)
		ok = state_take(app, state, st);
	if (ok) {
		notebook_session_enter(app, session, state != NULL);
		/* What was taken is the user's own from now on. */
		if (state && take)
			ok = store_session_state(app->store, session, app->state, st);
	}
	if (ok) {
		ok = store_session_lines(app->store, session, remember, NULL, st);
	}
	free(state);
	return ok && (bare ? print_session(app, st) : print_state(app, st));
}

bool
cmd_session_open(struct app *app, const struct call *call, struct status *st)
{
	int64_t session = store_session_open(app->store, call->arg[0], st);

	return session && reopen(app, session, call_has(call, "bare"), call_has(call, "take"), st);
}

bool
cmd_session_resume(struct app *app, const struct call *call, struct status *st)
{
	int64_t session =
	    call->args ? store_session_open(app->store, call->arg[0], st) : store_session_latest(app->store, app->session, st);

	return session && reopen(app, session, false, call_has(call, "take"), st);
}

bool
cmd_session_note(struct app *app, const struct call *call, struct status *st)
{
	return store_session_note(app->store, app->session, call->arg[0], st);
}

struct listing {
	const struct app *app;
	struct output *o;
};

static bool
session_row(void *ctx, const struct record_session *s)
{
	struct listing *l = ctx;

	output_row(l->o);
	output_int(l->o, "session", s->id);
	output_text(l->o, "name", s->name);
	output_text(l->o, "created", s->created);
	output_int(l->o, "commands", s->commands);
	output_int(l->o, "runs", s->runs);
	output_bool(l->o, "open", s->id == l->app->session);
	output_text(l->o, "note", s->note);
	return true;
}

bool
cmd_session_list(struct app *app, const struct call *call, struct status *st)
{
	struct output o;
	struct listing listing = {app, &o};

	(void)call;
	output_init(&o);
	output_table(&o, "sessions");
	if (!store_session_list(app->store, session_row, &listing, st)) {
		output_done(&o);
		return false;
	}
	output_end(&o);
	return output_print(&o, app->options.format, app->out, st);
}

/* --- undo ----------------------------------------------------------------- */

bool
cmd_undo(struct app *app, const struct call *call, struct status *st)
{
	bool undone = false, ok;
	char *state;

	(void)call;
	if (!store_session_undo(app->store, app->session, &undone, st))
		return false;
	if (!undone)
		return status_fail(st, STATUS_FAILED, "there is nothing to undo in this session");
	if (!(state = store_session_state_last(app->store, app->session, st)))
		return false;
	ok = state_restore(app, state, false, st);
	free(state);
	notebook_session_enter(app, app->session, true);
	return ok && print_state(app, st);
}
