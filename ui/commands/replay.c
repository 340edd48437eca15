/* Doing a run again, from the state it began in, and saying whether it came out the same. */
#include "ui/commands/commands.h"

#include "base/timing.h"
#include "db/store.h"
#include "spikescope.h"
#include "ui/output/answer.h"
#include "ui/workbench/notebook.h"
#include "ui/workbench/state.h"

#include <stdlib.h>
#include <string.h>

/* What may be replayed: it measures, and writes nothing but the notebook. The command
 * may come from somebody else's. */
static command_fn *const measuring[] = {cmd_ann,     cmd_attribution, cmd_back,       cmd_convert,   cmd_energy, cmd_eval,
					cmd_goto,    cmd_ladder,      cmd_run,        cmd_step,      cmd_sweep,  cmd_ugo_assign,
					cmd_ugo_fit, cmd_ugo_import,  cmd_ugo_spikes, cmd_ugo_sweep, cmd_until};

/* The run as it was recorded. */
struct original {
	int64_t run, command;
	char *kind, *line, *state;
	int threads;
	int arithmetic; /* 0: of before it had versions */
	int order;      /* among the runs of this kind of its command */
};

static char *
text_at(const struct answer *a, int column)
{
	return a->cell[column].text ? strdup(a->cell[column].text) : NULL;
}

static bool
read_original(struct app *app, int64_t run, struct original *o, struct status *st)
{
	struct query_value param = {.type = QUERY_INTEGER, .integer = run};
	struct query query = {
	    .sql =
		"SELECT r.kind, c.line, r.state, r.threads, r.command_id, ifnull(r.arithmetic, 0), (SELECT count(*) FROM runs AS "
		"b WHERE b.command_id = "
		"r.command_id AND b.kind = r.kind AND b.id < r.id) FROM runs AS r LEFT JOIN commands AS c ON c.id = r.command_id "
		"WHERE r.id = ?1",
	    .params = &param,
	    .param_count = 1};
	struct answer *a = answer_ask(app, &query, 1, st);

	if (!a)
		return false;
	if (a->rows == 0) {
		answer_free(a);
		return status_fail(st, STATUS_USAGE, "there is no run %lld; type: runs", (long long)run);
	}
	*o = (struct original){.run = run,
			       .kind = text_at(a, 0),
			       .line = text_at(a, 1),
			       .state = text_at(a, 2),
			       .threads = a->cell[3].integer < 1      ? 1
					  : a->cell[3].integer > 1024 ? 1024
								      : (int)a->cell[3].integer,
			       .command = a->cell[4].integer,
			       .arithmetic = (int)a->cell[5].integer,
			       .order = (int)a->cell[6].integer};
	answer_free(a);
	return (o->line && o->state) ||
	       status_fail(st, STATUS_FAILED, "run %lld was recorded without what a replay needs (by an older version?)",
			   (long long)run);
}

static void
original_done(struct original *o)
{
	free(o->kind);
	free(o->line);
	free(o->state);
}

/* --- doing it ------------------------------------------------------------- */

static bool
may_replay(const struct call *call, struct status *st)
{
	for (size_t i = 0; call->info && i < sizeof(measuring) / sizeof(measuring[0]); i++)
		if (call->info->run == measuring[i])
			return true;
	return status_fail(st, STATUS_FAILED, "the command of this run is not one that is replayed: %.200s", call->line);
}

/* What is known of an evaluation already is to be measured again. */
static void
start_anew(struct call *call)
{
	for (int i = 0; i < COMMAND_OPTIONS && call->info->option[i].name; i++)
		if (strcmp(call->info->option[i].name, "resume") == 0)
			call->given[i] = false;
}

/* Runs the command as a line of its own in the notebook, its results unseen; *command is its number. */
static bool
run_unseen(struct app *app, const struct call *call, int64_t *command, struct status *st)
{
	double started = timing_now();
	int64_t outer = app->command;
	FILE *out = app->out, *null = fopen("/dev/null", "w");
	bool ok;

	if (!null)
		return status_fail(st, STATUS_FAILED, "/dev/null cannot be opened");
	app->out = null;
	app->command = *command = notebook_command_begin(app, call->line);
	ok = call->info->run(app, call, st);
	notebook_command_end(app, app->command, st, timing_now() - started);
	app->command = outer;
	app->out = out;
	fclose(null);
	return ok;
}

static bool
do_again(struct app *app, const struct original *o, int64_t *command, struct status *st)
{
	struct status fault_st = {0};
	struct fault fault;
	struct call call;
	bool ok = call_parse(&call, o->line, &fault, &fault_st);

	if (!ok)
		status_fail(st, STATUS_FAILED, "the command of run %lld is not understood any more: %.300s", (long long)o->run,
			    fault_st.message);
	ok = ok && may_replay(&call, st) && state_restore(app, o->state, true, st);
	if (ok) {
		start_anew(&call);
		app_set_threads(app, o->threads);
		notebook_session_enter(app, app->session, app->state_known);
		ok = run_unseen(app, &call, command, st);
	}
	call_done(&call);
	return ok;
}

/* --- comparing ------------------------------------------------------------ */

/* Everything that was measured of a run, but for times and memory. */
#define MEASURED(run)                                                                                                            \
	"SELECT '' AS site, t, name, value FROM run_metrics WHERE run_id = " run                                                 \
	" AND name NOT LIKE '%seconds' AND name NOT LIKE '%bytes' "                                                              \
	"UNION ALL SELECT site, t, name, value FROM v_site_metrics WHERE run = " run " UNION ALL "                               \
	"SELECT 'picture ' || picture, t, 'class', snn FROM predictions WHERE run_id = " run " UNION ALL "                       \
	"SELECT 'picture ' || picture, t, 'squared_error', squared_error FROM predictions WHERE run_id = " run                   \
	" UNION ALL SELECT site, t, quantity, data FROM tensors WHERE run_id = " run                                             \
	" UNION ALL SELECT 'plan', 0, plan_hash, 1 FROM runs WHERE plan_hash IS NOT NULL AND id = " run

static const char differences[] = "WITH a AS MATERIALIZED (" MEASURED("?1") "), b AS MATERIALIZED (" MEASURED(
    "?2") ") "
	  "SELECT a.site, a.t, a.name, a.value AS recorded, b.value AS replayed FROM a LEFT JOIN b "
	  "ON b.site = a.site AND b.t = a.t AND b.name = a.name WHERE a.value IS NOT b.value ORDER BY a.t, a.site, a.name";
static const char measurements[] = "SELECT count(*) FROM (" MEASURED("?1") ")";

static bool
find_again(struct app *app, const struct original *o, int64_t command, int64_t *again, struct status *st)
{
	struct query_value params[] = {{.type = QUERY_INTEGER, .integer = command},
				       {.type = QUERY_TEXT, .text = o->kind},
				       {.type = QUERY_INTEGER, .integer = o->order}};
	double found;

	if (!answer_number(app, "SELECT id FROM runs WHERE command_id = ?1 AND kind = ?2 ORDER BY id LIMIT 1 OFFSET ?3", params,
			   3, &found, st))
		return status_fail(st, STATUS_FAILED, "replaying made no run of kind %s", o->kind);
	*again = (int64_t)found;
	return true;
}

/* Another arithmetic gives other bits, which is no failure of this one. */
static bool
differs(const struct original *o, struct status *st)
{
	if (o->arithmetic == SPIKESCOPE_ARITHMETIC)
		return status_fail(st, STATUS_FAILED, "run %lld did not come out the same", (long long)o->run);
	return status_fail(st, STATUS_FAILED,
			   "run %lld did not come out the same: it was computed with arithmetic %d, and this program has %d",
			   (long long)o->run, o->arithmetic, SPIKESCOPE_ARITHMETIC);
}

static bool
compare_again(struct app *app, const struct original *o, int64_t again, struct status *st)
{
	struct query_value params[] = {{.type = QUERY_INTEGER, .integer = o->run}, {.type = QUERY_INTEGER, .integer = again}};
	struct query query = {.sql = differences, .params = params, .param_count = 2};
	struct answer *a = answer_ask(app, &query, ANSWER_ROWS, st);
	double count = 0;
	struct output out;
	bool same;

	if (!a || !answer_number(app, measurements, params, 1, &count, st)) {
		answer_free(a);
		return false;
	}
	same = a->rows == 0;
	output_init(&out);
	out.precision = 17;
	output_int(&out, "run", o->run);
	output_int(&out, "replay", again);
	output_text(&out, "command", o->line);
	output_bool(&out, "same", same);
	output_int(&out, "arithmetic", o->arithmetic);
	output_int(&out, "measurements", (int64_t)count);
	output_int(&out, "different", a->rows);
	if (a->rows > 20 && app->options.format != FORMAT_JSON && app->options.format != FORMAT_CSV)
		a->rows = 20;
	if (!same)
		answer_output(a, &out, "differences");
	answer_free(a);
	return output_print(&out, app->options.format, app->out, st) && (same || differs(o, st));
}

bool
cmd_replay(struct app *app, const struct call *call, struct status *st)
{
	struct original o = {0};
	char *before = state_capture(app);
	int64_t command = 0, again = 0;
	struct status back = {0};
	bool ok = read_original(app, call_arg_int(call, 0, (long)app->run), &o, st) && do_again(app, &o, &command, st) &&
		  find_again(app, &o, command, &again, st) && compare_again(app, &o, again, st);

	/* The session goes on where it was. */
	if (before && !state_restore(app, before, false, &back))
		app_say(app, "warning: %s", back.message);
	notebook_session_enter(app, app->session, app->state_known);
	free(before);
	original_done(&o);
	return ok;
}
