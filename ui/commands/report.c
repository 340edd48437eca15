/* A report of a run or a session: one file that needs no other. */
#include "ui/commands/commands.h"

#include "base/text.h"
#include "db/store.h"
#include "ui/report/report.h"

#include <stdlib.h>
#include <string.h>

/* --- what it is about ----------------------------------------------------- */

static bool
read_subject(struct report *r, struct status *st)
{
	static const char sql[] =
	    "SELECT kind, coalesce(plan_hash, ''), coalesce(model_hash, ''), coalesce(session_id, 0) FROM runs WHERE id = ?1";
	struct answer *a = report_ask(r, sql, report_number_value(r->subject), st);

	if (!a)
		return false;
	if (a->rows == 0) {
		answer_free(a);
		return status_fail(st, STATUS_USAGE, "there is no run %lld; type: runs", (long long)r->subject);
	}
	snprintf(r->kind, sizeof(r->kind), "%s", a->cell[0].text);
	snprintf(r->plan, sizeof(r->plan), "%s", a->cell[1].text);
	snprintf(r->model, sizeof(r->model), "%s", a->cell[2].text);
	r->session = r->session ? r->session : a->cell[3].integer;
	answer_free(a);
	return true;
}

/* A number is a run; another word a session, of which the last run that measured a plan
 * counts, or else the last with a plan. */
static bool
find_subject(struct report *r, const char *text, struct status *st)
{
	long number;

	if (value_int(text, 1, 9e15, &number)) {
		r->run = r->subject = number;
		return read_subject(r, st);
	}
	r->session = store_session_open(r->app->store, text, st);
	if (!r->session)
		return false;
	r->subject = report_find(r,
				 "SELECT id FROM runs WHERE session_id = ?1 AND plan_hash IS NOT NULL ORDER BY kind IN ('eval', "
				 "'sweep', 'tune', 'energy', 'ladder') DESC, id DESC LIMIT 1",
				 report_number_value(r->session), st);
	return st->code == STATUS_OK && (!r->subject || read_subject(r, st));
}

/* --- sections ------------------------------------------------------------- */

static bool
put_head(struct report *r, struct status *st)
{
	static const char run_sql[] =
	    "SELECT run, kind, status, started, seconds, session, model, model_hash AS 'model hash', data, dataset_hash AS 'data "
	    "hash', images, recipe, T, plan_hash AS plan, seed, threads, version, command FROM v_runs WHERE run = ?1";
	static const char runs_sql[] =
	    "SELECT run, kind, status, model, recipe, T, accuracy, logit_rmse, spikes_per_image, seconds, command FROM v_runs "
	    "WHERE run IN (SELECT id FROM runs WHERE session_id = ?1) ORDER BY run";

	document_heading(r->d, r->run ? "What was measured" : "Runs of the session");
	if (r->run)
		return report_facts(r, run_sql, report_number_value(r->run), st);
	return report_table(r, runs_sql, report_number_value(r->session), "There are no runs in this session.", st);
}

/* The last word of a path: what the colleague's copy will be called too. */
static const char *
last_word(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

static void
add_line(char **text, const char *verb, const char *what)
{
	char *more = text_format("%s%s%s%s%s", *text ? *text : "", *text ? "\n" : "", verb, *what ? " " : "", what);

	free(*text);
	*text = more;
}

/* What is opened, and what tells that it is the same. */
static void
add_opened(char **text, const char *verb, const char *path, const char *hash)
{
	add_line(text, verb, last_word(path));
	add_line(text, "#    its hash:", hash);
}

enum { REPEAT_MODEL, REPEAT_MODEL_HASH, REPEAT_DATA, REPEAT_DATA_HASH, REPEAT_CONVERT, REPEAT_IMAGE, REPEAT_LINE };
static const char repeat_sql[] =
    "SELECT coalesce(m.path, m.name, ''), coalesce(m.hash, ''), coalesce(d.path, ''), coalesce(d.hash, ''), coalesce((SELECT "
    "iif(c.line GLOB 'conv*', c.line, 'convert') FROM runs AS v JOIN commands AS c ON c.id = v.command_id WHERE v.kind = "
    "'convert' AND v.plan_hash = r.plan_hash ORDER BY v.id DESC LIMIT 1), ''), coalesce((SELECT line FROM commands WHERE "
    "session_id = r.session_id AND id < r.command_id AND line GLOB 'image *' AND status = 'done' ORDER BY id DESC LIMIT 1), ''), "
    "coalesce((SELECT line FROM commands WHERE id = r.command_id), '') FROM runs AS r LEFT JOIN models AS m ON m.hash = "
    "r.model_hash LEFT JOIN datasets AS d ON d.hash = r.dataset_hash WHERE r.id = ?1";

/* What somebody types who has the model and the pictures, but not this notebook. */
static bool
put_repeat(struct report *r, struct status *st)
{
	struct answer *a = report_ask(r, repeat_sql, report_number_value(r->run), st);
	char *text = NULL;
	bool steps = strcmp(r->kind, "step") == 0 || strcmp(r->kind, "ann") == 0;

	if (!a)
		return false;
#define CELL(i) (a->cell[i].text)
	if (*CELL(REPEAT_MODEL))
		add_opened(&text, "load", CELL(REPEAT_MODEL), CELL(REPEAT_MODEL_HASH));
	if (*CELL(REPEAT_DATA))
		add_opened(&text, "data", CELL(REPEAT_DATA), CELL(REPEAT_DATA_HASH));
	if (*CELL(REPEAT_CONVERT))
		add_line(&text, CELL(REPEAT_CONVERT), "");
	else if (*r->plan)
		add_line(&text, "plan open", r->plan);
	if (*r->plan)
		add_line(&text, "#    the plan's hash:", r->plan);
	if (steps && *CELL(REPEAT_IMAGE))
		add_line(&text, CELL(REPEAT_IMAGE), "");
	if (strcmp(r->kind, "convert") != 0)
		add_line(&text, CELL(REPEAT_LINE), "");
	document_heading(r->d, "To repeat this");
	document_text(r->d,
		      "Type these to spikescope where the model and the pictures are; state and plan print the hashes, which "
		      "must be these.");
	if (*r->plan && !*CELL(REPEAT_CONVERT))
		document_text(r->d,
			      "The plan was not made by one command: `export %lld plan.db` writes it to a file, which `import "
			      "plan.db` takes over.",
			      (long long)r->run);
	document_lines(r->d, text ? text : "");
#undef CELL
	free(text);
	answer_free(a);
	return true;
}

/* The session's commands up to the run's, without those that failed. */
static bool
put_commands(struct report *r, struct status *st)
{
	char *sql = text_format(
	    "SELECT line FROM commands WHERE session_id = ?1 AND status IN ('done', 'running', 'cancelled') AND id <= "
	    "coalesce((SELECT command_id FROM runs WHERE id = %lld), 9e18) AND NOT EXISTS (SELECT 1 FROM (VALUES "
	    "('report*'), ('view*'), ('save*'), ('help*'), ('apropos*'), ('runs*'), ('show*'), ('query*'), ('plot*'), ('set *'), "
	    "('panes*'), ('layout*'), ('tutorial*'), ('export*'), ('*list'), ('state*'), ('model*'), ('classes*')) AS w WHERE "
	    "line "
	    "GLOB w.column1) ORDER BY id",
	    (long long)r->run);
	struct answer *a = sql ? report_ask(r, sql, report_number_value(r->session), st) : NULL;
	char *text = NULL;

	free(sql);
	if (!a)
		return status_nomem(st, "a report");
	document_heading(r->d, "To repeat this");
	document_text(r->d, "Type these to spikescope, or say `replay %lld` where the notebook is.", (long long)r->subject);
	for (int i = 0; i < a->rows; i++) {
		char *more = text_format("%s%s%s", text ? text : "", text ? "\n" : "", a->cell[i].text);

		free(text);
		text = more;
	}
	if (text)
		document_lines(r->d, text);
	free(text);
	answer_free(a);
	return true;
}

static bool
put_sections(struct report *r, struct status *st)
{
	if (!put_head(r, st))
		return false;
	if (*r->plan && (!report_plan(r, st) || !report_accuracy(r, st) || !report_tuning(r, st) || !report_ladder(r, st) ||
			 !report_energy(r, st) || !report_attention(r, st)))
		return false;
	if (r->run)
		return put_repeat(r, st);
	return !r->session || put_commands(r, st);
}

bool
cmd_report(struct app *app, const struct call *call, struct status *st)
{
	const char *end = strrchr(call->arg[1], '.');
	struct report r = {.app = app, .style = {.palette = PALETTE_RGB, .unicode = true, .light = true}};
	char title[120], shown[80];
	struct output o;
	bool ok;

	if (!document_check(call->arg[1], call_has(call, "force"), st) || !find_subject(&r, call->arg[0], st))
		return false;
	if (strcmp(end, ".md") == 0)
		r.style = (struct canvas_style){.unicode = !app->options.ascii};
	snprintf(title, sizeof(title), "spikescope: %s %s", r.run ? r.kind : "session", r.run ? "run " : "");
	snprintf(title + strlen(title), sizeof(title) - strlen(title), "%s", text_escape(call->arg[0], shown, sizeof(shown)));
	r.d = document_new(title);
	if (!r.d)
		return status_nomem(st, "a report");
	ok = put_sections(&r, st) && document_save(r.d, call->arg[1], call_has(call, "force"), st);
	document_free(r.d);
	if (!ok)
		return false;
	output_init(&o);
	output_text(&o, "file", call->arg[1]);
	output_text(&o, "plan", *r.plan ? r.plan : NULL);
	return output_print(&o, app->options.format, app->out, st);
}
