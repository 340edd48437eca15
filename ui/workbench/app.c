#include "ui/workbench/app.h"
#include "model/graph.h"

#include "ann/ann.h"
#include "base/text.h"
#include "base/timing.h"
#include "db/store.h"
#include "ui/commands/commands.h"
#include "ui/output/chart_data.h"
#include "ui/output/output.h"
#include "ui/output/pager.h"
#include "ui/output/terminal.h"
#include "ui/panes/panes.h"
#include "ui/scene/findings.h"
#include "ui/shell/command.h"
#include "ui/workbench/notebook.h"
#include "ui/workbench/state.h"
#include "ui/workbench/ugo_lab.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <omp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

const char *const format_names[] = {"table", "csv", "json", "markdown", NULL};
const char *const color_names[] = {"auto", "always", "never", "256", "8", NULL};

/* A stream that writes to another one and, line by line, to the log. */
struct tee {
	struct app *app;
	FILE *to;
	bool terminal;
	struct terminal_gate gate;
	enum log_kind kind;
	char line[4096];
	size_t used;
};

struct app_private {
	struct tee out, talk;
	double started;   /* when the running command did; seconds */
	bool by_key;      /* the running command is a key's */
	double shown;     /* when progress was last shown; 0: not yet */
	double begun;     /* when the running work first reported, */
	double known;     /* and what it had by then, of an earlier run */
	bool gone;        /* the reader of results is */
	const char *work; /* which it is; NULL: none yet */
	struct held held; /* results of the running command, for the pager */
	char *again;      /* what an empty line repeats; NULL: nothing */
};

/* --- streams -------------------------------------------------------------- */

/* Takes the line of progress away, before anything else is written there. */
static void
progress_end(struct app *app)
{
	if (app->own->shown > 0 && !app->capture) {
		fputs("\r\033[K", app->own->talk.to);
		fflush(app->own->talk.to);
	}
	app->own->shown = 0;
}

static void
tee_flush_line(struct tee *tee)
{
	if (tee->used > 0)
		log_add(&tee->app->log, tee->kind, tee->line, tee->used);
	tee->used = 0;
}

/* Results may be held back; what is said after some of them comes after them. */
static FILE *
tee_target(const struct tee *tee)
{
	struct held *held = &tee->app->own->held;

	return held->file && (tee->kind == LOG_RESULT || held_any(held)) ? held->file : tee->to;
}

/* Only what is for people has colours. */
static bool
tee_pass(struct tee *tee, FILE *to, const char *data, size_t size)
{
	enum output_format format = tee->app->options.format;
	bool colors = format != FORMAT_CSV && format != FORMAT_JSON;

	return tee->terminal ? terminal_write(&tee->gate, to, colors, data, size) : fwrite(data, 1, size, to) == size;
}

static ssize_t
tee_write(void *cookie, const char *data, size_t size)
{
	struct tee *tee = cookie;
	FILE *to = tee_target(tee);

	progress_end(tee->app);
	if (!tee->app->capture && !tee_pass(tee, to, data, size))
		return 0;
	for (size_t i = 0; i < size; i++) {
		if (tee->used == sizeof(tee->line))
			tee_flush_line(tee);
		tee->line[tee->used++] = data[i];
		if (data[i] == '\n')
			tee_flush_line(tee);
	}
	return (ssize_t)size;
}

static FILE *
tee_open(struct tee *tee, struct app *app, FILE *to, enum log_kind kind, int buffering)
{
	FILE *file;

	*tee = (struct tee){.app = app, .to = to, .terminal = isatty(fileno(to)), .kind = kind};
	file = fopencookie(tee, "w", (cookie_io_functions_t){.write = tee_write});
	if (file)
		setvbuf(file, NULL, buffering, 1 << 14);
	return file;
}

static void
streams_flush(struct app *app)
{
	fflush(app->out);
	fflush(app->talk);
	tee_flush_line(&app->own->out);
	tee_flush_line(&app->own->talk);
	if (!app->capture) {
		terminal_end(&app->own->out.gate, app->own->out.to);
		terminal_end(&app->own->talk.gate, app->own->talk.to);
		fflush(app->own->out.to);
		fflush(app->own->talk.to);
	}
}

void
app_say(struct app *app, const char *format, ...)
{
	va_list args;

	fflush(app->out);
	va_start(args, format);
	vfprintf(app->talk, format, args);
	va_end(args);
	fputc('\n', app->talk);
	fflush(app->talk);
}

/* --- beginning and end ---------------------------------------------------- */

static void
say_waiting(void *ctx, const char *text)
{
	char shown[400];

	app_say(ctx, "%s", text_escape(text, shown, sizeof(shown)));
}

static bool
open_store(struct app *app, const char *db, struct status *st)
{
	struct status first = {0};

	app->store = store_open(db, db ? st : &first);
	if (!app->store && !db) {
		app_say(app, "warning: %s; nothing of this session will be kept", first.message);
		app->store = store_open(":memory:", st);
	}
	if (!app->store)
		return false;
	store_on_wait(app->store, say_waiting, app);
	return true;
}

bool
app_init(struct app *app, const char *db, FILE *out, FILE *talk, struct status *st)
{
	app->label = -1;
	app->checkpoint_bytes = TIMELINE_BUDGET;
	app->own = calloc(1, sizeof(*app->own));
	app->findings = findings_new();
	if (!app->own || !app->findings)
		return status_nomem(st, "the workbench");
	app->out = tee_open(&app->own->out, app, out, LOG_RESULT, _IOFBF);
	app->talk = tee_open(&app->own->talk, app, talk, LOG_NOTE, _IOLBF);
	if (!app->out || !app->talk)
		return status_nomem(st, "the workbench");
	app->terminal = isatty(fileno(out));
	app->panes = panes_new(st);
	return app->panes && open_store(app, db, st);
}

static void
forget_split(struct app *app)
{
	struct split *split = &app->split;

	history_free(split->history);
	walk_free(split->walk);
	spike_log_free(split->spikes);
	plan_free(split->plan);
	*split = (struct split){0};
}

static void
forget_plan(struct app *app)
{
	forget_split(app);
	history_free(app->history);
	walk_free(app->walk);
	spike_log_free(app->spikes);
	plan_free(app->plan);
	app->history = NULL;
	app->walk = NULL;
	app->spikes = NULL;
	app->plan = NULL;
	app->stop.stopped = false;
}

static void
forget_picture(struct app *app)
{
	free(app->pixels);
	free(app->logits);
	free(app->title);
	free(app->picture.text);
	free(app->picture.data_path);
	app->picture = (struct picture_source){0};
	app->pixels = NULL;
	app->logits = NULL;
	app->title = NULL;
	app->label = -1;
}

void
app_done(struct app *app)
{
	forget_plan(app);
	forget_picture(app);
	breakpoints_done(&app->breakpoints);
	single_free(app->single);
	findings_free(app->findings);
	ann_free(app->ann);
	dataset_close(app->data);
	model_free(app->model);
	app_set_prompt(app, NULL);
	for (int i = 0; i < app->ugos; i++) {
		ugo_done(app->ugo[i]);
		free(app->ugo[i]);
	}
	ugo_lab_free(app->lab);
	for (int i = 0; i < app->keeps; i++)
		free(app->keep[i].glob);
	store_close(app->store);
	if (app->out)
		fclose(app->out);
	if (app->talk)
		fclose(app->talk);
	log_done(&app->log);
	panes_free(app->panes);
	free(app->model_path);
	free(app->data_path);
	free(app->state);
	answer_free(app->answer);
	chart_data_free(app->chart);
	if (app->own)
		free(app->own->again);
	free(app->own);
	memset(app, 0, sizeof(*app));
}

/* --- what is loaded ------------------------------------------------------- */

/* Whole, so that it holds when the working folder changes. */
static void
take_path(char **to, const char *path)
{
	free(*to);
	*to = path ? realpath(path, NULL) : NULL;
	if (path && !*to)
		*to = strdup(path);
}

void
app_set_model(struct app *app, struct model *model, struct ann *ann)
{
	forget_plan(app);
	forget_picture(app);
	findings_forget(app->findings);
	ann_free(app->ann);
	ugo_lab_forget(app->lab);
	model_free(app->model);
	app_set_prompt(app, NULL);
	app->model = model;
	app->ann = ann;
	take_path(&app->model_path, model ? model->path : NULL);
	app->site_list = 0;
	app->selection = (struct selection){.unit = -1};
	if (model)
		app->selection.site =
		    graph_has(model->graph, LAYER_ACTIVATION) ? site_in(SITE_ACT_OUT, 0) : site_of_block(model, 0);
	app_clamp_selection(app);
	breakpoints_bind(&app->breakpoints, app->model, NULL);
	app->serial++;
}

void
app_forget_classes(struct app *app)
{
	forget_plan(app);
	findings_forget(app->findings);
	ugo_lab_forget(app->lab);
	free(app->logits);
	app->logits = NULL;
	app_set_prompt(app, NULL);
	breakpoints_bind(&app->breakpoints, app->model, NULL);
	app->serial++;
}

void
app_set_prompt(struct app *app, struct json_t *prompt)
{
	json_t *before = app->prompt;

	app->prompt = json_incref(prompt);
	json_decref(before);
}

void
app_set_data(struct app *app, struct dataset *data)
{
	dataset_close(app->data);
	app->data = data;
	take_path(&app->data_path, data ? dataset_path(data) : NULL);
	app->serial++;
}

void
app_forget_picture(struct app *app)
{
	forget_picture(app);
	if (app->walk)
		app->walk->shown = false;
	app->serial++;
}

bool
app_set_picture(struct app *app, const float *pixels, int label, char *title, struct status *st)
{
	size_t side = (size_t)app->model->image_size, count = (size_t)app->model->channels * side * side;
	float *copy = malloc(count * sizeof(*copy));

	if (!copy) {
		free(title);
		return status_nomem(st, "a picture");
	}
	memcpy(copy, pixels, count * sizeof(*copy));
	forget_picture(app);
	app->pixels = copy;
	app->label = label;
	app->title = title;
	app->serial++;
	app->stop.stopped = false;
	if (app->spikes)
		spike_log_back(app->spikes, 0);
	if (app->split.spikes)
		spike_log_back(app->split.spikes, 0);
	return (!app->walk || walk_show(app->walk, app->pixels, label, st)) &&
	       (!app->split.walk || walk_show(app->split.walk, app->pixels, label, st));
}

static void
apply_checkpoint_bytes(const struct app *app, struct walk *walk)
{
	if (walk)
		timeline_set_budget(&walk->timeline, app->checkpoint_bytes);
}

void
app_set_plan(struct app *app, struct plan *plan, struct walk *walk, struct spike_log *spikes)
{
	forget_plan(app);
	app->plan = plan;
	app->walk = walk;
	app->spikes = spikes;
	apply_checkpoint_bytes(app, walk);
	breakpoints_bind(&app->breakpoints, app->model, walk);
	app->serial++;
}

void
app_set_split(struct app *app, struct plan *plan, struct walk *walk, struct spike_log *spikes)
{
	forget_split(app);
	app->split = (struct split){.plan = plan, .walk = walk, .spikes = spikes};
	apply_checkpoint_bytes(app, walk);
	app->serial++;
}

void
app_set_checkpoint_bytes(struct app *app, size_t bytes)
{
	app->checkpoint_bytes = bytes;
	apply_checkpoint_bytes(app, app->walk);
	apply_checkpoint_bytes(app, app->split.walk);
}

void
app_set_threads(struct app *app, int threads)
{
	app->options.threads = threads;
	omp_set_num_threads(threads > 0 ? threads : omp_get_num_procs());
}

static int
clamp(int value, int count)
{
	return value < 0 || count == 0 ? 0 : value >= count ? count - 1 : value;
}

/* The model's site that is nearest to this one, which may be of another model. */
static struct site
nearest_site(const struct model *model, struct site site)
{
	int block = site_in_block(site.kind) ? clamp(site.block, model->depth) : -1;
	struct site found;

	return site_find(model, site.kind, block, &found) ? found : site_of_block(model, block < 0 ? 0 : block);
}

void
app_clamp_selection(struct app *app)
{
	struct selection *s = &app->selection;
	const struct model *model = app->model;
	struct attention_shape maps;

	if (!model)
		return;
	maps = graph_maps(model);
	s->layer = clamp(s->layer, model->depth);
	s->head = clamp(s->head, maps.heads);
	s->q = clamp(s->q, maps.tokens);
	s->k = clamp(s->k, maps.tokens);
	s->site = nearest_site(model, s->site);
	s->neuron = clamp(s->neuron, (int)site_size(model, s->site));
}

void
app_size(const struct app *app, int *columns, int *rows)
{
	struct winsize size;

	*columns = app->options.columns;
	*rows = app->options.rows;
	if (*columns > 0 && *rows > 0)
		return;
	*columns = 80;
	*rows = 24;
	if (app->terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 1) {
		*columns = size.ws_col;
		*rows = size.ws_row - 1; /* the prompt's line stays */
	}
}

/* --- progress ------------------------------------------------------------- */

static void
progress_show(struct app *app, const char *what, double done, double total)
{
	struct app_private *own = app->own;
	double elapsed, rate;

	if (!app->interactive || app->capture)
		return;
	if (!own->work || strcmp(own->work, what) != 0) {
		own->work = what;
		own->begun = timing_now();
		own->known = done;
	}
	elapsed = timing_now() - own->started;
	rate = (done - own->known) / fmax(1e-3, timing_now() - own->begun);
	if (elapsed < 1 || timing_now() - own->shown < 0.1)
		return;
	own->shown = timing_now();
	held_release(&own->held, own->out.to);
	fflush(own->out.to);
	fprintf(own->talk.to, "\r\033[K%s %.0f/%.0f", what, done, total);
	if (rate > 0)
		fprintf(own->talk.to, ", %.3g/s, %.0f s left", rate, (total - done) / rate);
	fflush(own->talk.to);
}

static bool
progress_heard(void *ctx, const char *what, double done, double total)
{
	struct app *app = ctx;

	if (app->own)
		progress_show(app, what, done, total);
	if (app->poll)
		app->poll(app->poll_ctx, what, done, total);
	return !atomic_load(&app->cancel);
}

struct progress
app_progress(struct app *app)
{
	return (struct progress){progress_heard, app};
}

/* --- running commands ----------------------------------------------------- */

static void
complain(struct app *app, const struct status *st, const char *line, const struct fault *fault)
{
	fflush(app->out);
	fflush(app->talk);
	app->own->talk.kind = LOG_ERROR;
	fprintf(app->talk, "error: %s\n", st->message);
	if (fault) {
		char shown[400], before[400];
		size_t n = fault->at < sizeof(before) - 1 ? fault->at : sizeof(before) - 1;

		memcpy(before, line, n);
		before[n] = '\0';
		fprintf(app->talk, "  %s\n", text_escape(line, shown, sizeof(shown)));
		fprintf(app->talk, "  %*s^\n", output_width(text_escape(before, shown, sizeof(shown))), "");
	}
	fflush(app->talk);
	app->own->talk.kind = LOG_NOTE;
}

/* Holds the command's results back where they may be too long for the terminal. Scripts
 * within go on for long: their results are not held. */
static bool
hold_results(struct app *app)
{
	struct app_private *own = app->own;

	if (app->depth > 0)
		held_release(&own->held, own->out.to);
	if (!app->interactive || !app->terminal || app->capture || app->depth > 0 || own->held.file)
		return false;
	return held_begin(&own->held);
}

/* Tables keep to the terminal's width, or to that of the panes' log. */
static void
fit_results(const struct app *app)
{
	int columns, rows;

	app_size(app, &columns, &rows);
	output_fit(!app->terminal ? 0 : app->capture ? columns - 2 : columns);
}

static void
page_results(struct app *app)
{
	int columns, rows;

	fflush(app->out);
	app_size(app, &columns, &rows);
	held_page(&app->own->held, app->own->out.to, rows, app->options.pager[0] ? app->options.pager : "auto");
	/* Ctrl-C was the pager's. */
	atomic_store(&app->cancel, false);
}

static bool
results_written(struct app *app)
{
	FILE *to = app->own->out.to;
	bool ok = fflush(app->out) == 0 && !ferror(app->out) && (app->capture || (fflush(to) == 0 && !ferror(to)));

	clearerr(app->out);
	clearerr(to);
	return ok;
}

/* Commands that only look need no session; the first of the others begins it. */
static bool
only_asks(const struct command_info *info)
{
	static command_fn *const recorded[] = {cmd_session_note, cmd_replay};
	bool asks = info->class == CLASS_SHELL || info->class == CLASS_NOTEBOOK || info->class == CLASS_VIEW ||
		    info->class == CLASS_MOVEMENT || info->run == cmd_plan_list || info->run == cmd_ugo_list;

	for (size_t i = 0; asks && i < sizeof(recorded) / sizeof(*recorded); i++)
		asks = info->run != recorded[i];
	return asks;
}

static void
begin_session(struct app *app)
{
	struct status st = {0};

	if (app->session || app->recording_failed)
		return;
	app->session = store_session_new(app->store, NULL, &st);
	if (app->session)
		return;
	/* What is in it can still be asked about. */
	app_say(app, "warning: %s; nothing of this session is recorded", st.message);
	app->recording_failed = true;
}

/* Runs a parsed command between its beginning and its end in the notebook. */
static bool
run_recorded(struct app *app, const struct call *call, struct status *st)
{
	int64_t outer = app->command;
	double started = timing_now();
	bool ok, written, kept = call->info->class != CLASS_MOVEMENT, hold = hold_results(app);

	if (!only_asks(call->info))
		begin_session(app);
	if (kept) {
		free(app->state);
		app->state = state_capture(app);
	}
	app->command = kept && app->session ? notebook_command_begin(app, call->line) : outer;
	*call->fault = (struct fault){0, 0};
	fit_results(app);
	ok = call->info->run(app, call, st);
	if (hold)
		page_results(app);
	errno = 0;
	written = results_written(app);
	if (!written && (errno == EPIPE || app->own->gone))
		app->quit = app->own->gone = true; /* as `| head` ends a program: nobody reads on */
	else if (!written && ok)
		ok = status_fail(st, STATUS_FAILED, "the results could not be written; is the disk full or the reader gone?");
	progress_end(app);
	if (kept)
		notebook_command_end(app, app->command, st, timing_now() - started);
	app->command = outer;
	return ok;
}

enum status_code
app_execute(struct app *app, const char *line)
{
	struct status st = {0};
	struct fault fault;
	struct call call;
	bool parsed;

	if (app->depth == 0) {
		atomic_store(&app->cancel, false);
		app->own->started = timing_now();
		app->own->work = NULL;
	}
	parsed = call_parse(&call, line, &fault, &st);
	if (app->capture && line[strspn(line, " \t")] && !(app->own->by_key && call.info && call.info->class == CLASS_MOVEMENT))
		log_add(&app->log, LOG_COMMAND, line, strlen(line));
	if (!parsed)
		complain(app, &st, line, &fault);
	else if (call.info && !run_recorded(app, &call, &st) && !(app->depth > 0 && st.code == STATUS_CANCELLED))
		complain(app, &st, line, fault.length > 0 ? &fault : NULL);
	call_done(&call);
	streams_flush(app);
	app->serial++;
	return st.code;
}

/* Steps are what one wants once more; anything else ends that. */
static void
remember_step(struct app *app, const char *line)
{
	static command_fn *const steps[] = {cmd_step, cmd_run, cmd_back};
	struct status st = {0};
	struct fault fault;
	struct call call;
	bool parsed = call_parse(&call, line, &fault, &st), again = false;

	for (size_t i = 0; parsed && call.info && i < sizeof(steps) / sizeof(*steps); i++)
		again = again || call.info->run == steps[i];
	call_done(&call);
	free(app->own->again);
	app->own->again = again ? strdup(line) : NULL;
}

enum status_code
app_typed(struct app *app, const char *line)
{
	if (line[strspn(line, " \t")])
		remember_step(app, line);
	else if (app->own->again)
		line = app->own->again;
	return app_execute(app, line);
}

void
app_key(struct app *app, const char *line)
{
	bool before = app->own->by_key;

	app->own->by_key = true;
	app_execute(app, line);
	app->own->by_key = before;
}

enum status_code
app_source(struct app *app, FILE *file, const char *name, bool bail)
{
	enum status_code last = STATUS_OK;
	char *line = NULL, shown[200];
	size_t size = 0;

	for (int number = 1; !app->quit && getline(&line, &size, file) >= 0; number++) {
		enum status_code code;

		line[strcspn(line, "\r\n")] = '\0';
		code = app_execute(app, line);
		if (code != STATUS_OK) {
			last = code;
			app_say(app, "  (%s, line %d)", text_escape(name, shown, sizeof(shown)), number);
		}
		if (code == STATUS_CANCELLED || (code != STATUS_OK && bail))
			break;
	}
	free(line);
	if (ferror(file)) {
		app_say(app, "%s: cannot be read on: %s", text_escape(name, shown, sizeof(shown)), strerror(errno));
		last = STATUS_DATA;
	}
	streams_flush(app);
	return last;
}
