/* The notebook on a file of 10,000 runs and 20 million site measurements: its size, the
 * start, questions and views against the sqlite3 shell where that can answer them, and
 * what recording costs.
 *
 *	tests/bench/db [FILE]		FILE is made when it is missing, and kept */
#include "base/timing.h"
#include "spikescope.h"

#include "db/query.h"
#include "db/store.h"
#include "ui/commands/commands.h"
#include "ui/workbench/app.h"
#include "ui/workbench/notebook.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	EVALS = 2000,
	STEPPED = 8000,
	STEPS = 5,
	SITES = 72,
	POINTS = 6,
	PICTURES = 20,
	PLANS = 200,
	REPEATS = 5,
	TURNS_MAX = 200
};

static void
stop(const struct status *st)
{
	fprintf(stderr, "%s\n", st->message);
	_exit(1);
}

/* --- the file ------------------------------------------------------------- */

static unsigned long long state = 1;

static float
chance(void)
{
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (float)(state >> 40) / (float)(1 << 24);
}

static void
put_plans(struct store *store, struct status *st)
{
	store_model(store, &(struct record_model){"model", "cifar10-vit", "vit", "/models/cifar10-vit", 2700000}, st);
	store_dataset(store, &(struct record_dataset){"data", "/data/cifar10", 10000, 10}, st);
	for (int i = 0; i < PLANS; i++) {
		char hash[16], json[64];

		snprintf(hash, sizeof(hash), "plan%04d", i);
		snprintf(json, sizeof(json), "{\"T\":%d,\"recipe\":\"sta\"}", 4 + i % 60);
		store_plan(
		    store,
		    &(struct record_plan){.hash = hash, .model_hash = "model", .recipe = "sta", .T = 4 + i % 60, .json = json},
		    st);
	}
}

static void
put_eval(struct store *store, int64_t run, struct status *st)
{
	store_metric(store, run, 0, "images", PICTURES, st);
	store_metric(store, run, 0, "ann_accuracy", 0.88, st);
	for (int i = 0; i < POINTS; i++) {
		int t = 1 << i;

		store_metric(store, run, t, "accuracy", 0.88 - 0.3 / t - 0.02 * (double)chance(), st);
		store_metric(store, run, t, "agreement", 0.95 - 0.3 / t, st);
		store_metric(store, run, t, "logit_rmse", 0.3 / t, st);
		store_metric(store, run, t, "events_per_image", t * 2e6, st);
		store_metric(store, run, t, "spikes_per_image", t * 2.5e6 * (1 + (double)chance()), st);
		store_metric(store, run, t, "energy_ratio", t * 0.1, st);
	}
	for (int i = 0; i < PICTURES; i++)
		store_prediction(store,
				 &(struct record_prediction){run, i, i % 10, i % 10, (i + (chance() < 0.1f)) % 10, 32, NULL}, st);
}

static void
put_steps(struct store *store, int64_t run, int list, struct status *st)
{
	struct record_site site[SITES];

	for (int t = 1; t <= STEPS; t++) {
		store_metric(store, run, t, "logit_rmse", 0.3 / t, st);
		store_metric(store, run, t, "spikes", 1e5, st);
		for (int i = 0; i < SITES; i++)
			site[i] = (struct record_site){
			    chance(), chance(), chance(), chance(), floorf(1e4f * chance()), floorf(1e4f * chance()), 0};
		store_site_step(store, run, t, list, site, SITES, st);
	}
}

static int
name_sites(struct store *store, struct status *st)
{
	static char name[SITES][40];
	const char *names[SITES];

	for (int i = 0; i < SITES; i++) {
		snprintf(name[i], sizeof(name[i]), "blocks.%d.part.%d", i / 12, i % 12);
		names[i] = name[i];
	}
	return store_site_list(store, names, SITES, st);
}

static void
make_file(const char *path)
{
	struct status st = {0};
	struct store *store = store_open(path, &st);
	int64_t session = store ? store_session_new(store, "bench", &st) : 0;
	int list;

	if (!session)
		stop(&st);
	put_plans(store, &st);
	list = name_sites(store, &st);
	for (int i = 0; i < EVALS + STEPPED && st.code == STATUS_OK; i++) {
		bool eval = i % 5 == 0;
		int64_t command = store_command_begin(store, session, eval ? "eval 20" : "run 5", &st), run;
		char plan[16];

		snprintf(plan, sizeof(plan), "plan%04d", i % PLANS);
		run = store_run_begin(store,
				      &(struct record_run){session, command, eval ? "eval" : "step", "model", plan, "data", 0,
							   "0", 1, "{\"seed\":0}"},
				      &st);
		eval ? put_eval(store, run, &st) : put_steps(store, run, list, &st);
		store_run_end(store, run, &(struct record_end){.status = "done", .seconds = 1}, &st);
		store_command_end(store, command, &(struct record_end){.status = "done", .seconds = 1}, &st);
	}
	store_close(store);
	if (st.code != STATUS_OK)
		stop(&st);
}

static void
print_size(const char *path)
{
	double numbers = (double)STEPPED * STEPS * SITES * 7;
	struct stat info;

	if (stat(path, &info) != 0)
		return;
	printf(
	    "%.2f million site measurements, %.1f MB: %.2f of them as 8-byte numbers, %.2f as the 4-byte numbers that they are\n",
	    numbers * 1e-6, (double)info.st_size * 1e-6, (double)info.st_size / (8 * numbers),
	    (double)info.st_size / (4 * numbers));
}

/* --- questions ------------------------------------------------------------ */

static double
run_program(const char *command)
{
	double seconds[REPEATS];

	for (int i = 0; i < REPEATS; i++) {
		double start = timing_now();

		if (system(command) != 0)
			return NAN;
		seconds[i] = timing_now() - start;
	}
	return timing_median(seconds, REPEATS);
}

static bool
count_rows(void *ctx, int count, const struct query_value *values)
{
	(void)count;
	(void)values;
	++*(long *)ctx;
	return true;
}

static double
ask(struct store *store, const char *sql, long *rows)
{
	double seconds[REPEATS];
	struct status st = {0};

	for (int i = 0; i < REPEATS; i++) {
		struct query query = {.sql = sql};
		double start = timing_now();

		*rows = 0;
		if (!query_run(store, &query, &(struct query_output){.row = count_rows, .ctx = rows}, &st))
			stop(&st);
		seconds[i] = timing_now() - start;
	}
	return timing_median(seconds, REPEATS);
}

static const struct {
	const char *name, *sql;
	bool shell; /* the shell can answer it: it has no site_steps */
} questions[] = {
    {"v_runs, first 1000", "SELECT * FROM v_runs LIMIT 1000", true},
    {"v_runs, accuracy > 0.87", "SELECT * FROM v_runs WHERE accuracy > 0.87", true},
    {"v_runs, newest 20 of a model", "SELECT * FROM v_runs WHERE model GLOB 'cifar*' ORDER BY run DESC LIMIT 20", true},
    {"v_runs, all", "SELECT * FROM v_runs", true},
    {"v_accuracy_vs_t, first 1000", "SELECT * FROM v_accuracy_vs_t LIMIT 1000", true},
    {"v_accuracy_vs_t of a run", "SELECT * FROM v_accuracy_vs_t WHERE run = 9001", true},
    {"v_accuracy_vs_t, all", "SELECT * FROM v_accuracy_vs_t", true},
    {"v_layer_error, first 1000", "SELECT * FROM v_layer_error LIMIT 1000", false},
    {"v_layer_error of a run", "SELECT * FROM v_layer_error WHERE run = 9002", false},
    {"v_layer_error, count", "SELECT count(*) FROM v_layer_error", false},
    {"v_layer_error, all", "SELECT * FROM v_layer_error", false},
    {"v_best_plans, all", "SELECT * FROM v_best_plans", true},
    {"v_confusion, first 1000", "SELECT * FROM v_confusion LIMIT 1000", true},
    {"v_confusion of a run", "SELECT * FROM v_confusion WHERE run = 9001", true},
    {"v_confusion, all", "SELECT * FROM v_confusion", true},
    {"v_ugo_pareto, all", "SELECT * FROM v_ugo_pareto", true},
    {"v_site_metrics of a run and t", "SELECT * FROM v_site_metrics WHERE run = 9002 AND t = 3", false},
};

static void
ask_all(const char *path)
{
	struct status st = {0};
	struct store *store = store_open(path, &st);
	char command[1200];
	double shell_start;

	if (!store)
		stop(&st);
	snprintf(command, sizeof(command), "sqlite3 -readonly '%s' 'SELECT 1' >/dev/null 2>&1", path);
	shell_start = run_program(command);
	printf("%-34s %10s %12s %14s\n", "question", "rows", "here, ms", "sqlite3, ms");
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		long rows;
		double here = ask(store, questions[i].sql, &rows), shell = NAN;

		snprintf(command, sizeof(command), "sqlite3 -readonly '%s' \"%s\" >/dev/null 2>&1", path, questions[i].sql);
		if (questions[i].shell)
			shell = run_program(command) - shell_start;
		printf("%-34s %10ld %12.2f", questions[i].name, rows, 1e3 * here);
		if (isnan(shell))
			printf(" %14s\n", "-");
		else
			printf(" %14.2f\n", 1e3 * shell);
	}
	store_close(store);
}

/* Commands as a user runs them, without the start of the program. */
static void
time_commands(const char *path)
{
	static const char *const lines[] = {"runs --where 'accuracy > 0.86'",
					    "runs --model 'cifar*' --kind eval",
					    "show 9001",
					    "show 9002",
					    "compare 9001 9006",
					    "query SELECT * FROM v_layer_error",
					    "query SELECT * FROM v_best_plans"};
	static struct app app;
	FILE *null = fopen("/dev/null", "w");
	struct status st = {0};
	double seconds[REPEATS];

	if (!null || !app_init(&app, path, null, stderr, &st))
		stop(&st);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		for (int k = 0; k < REPEATS; k++) {
			double start = timing_now();

			app_execute(&app, lines[i]);
			seconds[k] = timing_now() - start;
		}
		printf("%-44s %12.2f ms\n", lines[i], 1e3 * timing_median(seconds, REPEATS));
	}
	app_done(&app);
	fclose(null);
}

static void
time_start(const char *path)
{
	const char *program = getenv("SPIKESCOPE");
	char command[1200];
	double seconds;

	snprintf(command, sizeof(command), "'%s' --no-config --db '%s' -c quit", program ? program : "build/spikescope", path);
	seconds = run_program(command);
	printf("start of the program, `quit` and end: %.3f s\n", seconds);
}

/* --- recording ------------------------------------------------------------ */

static void
open_all(struct app *app, const char *model, const char *data, const char *path, FILE *null)
{
	struct status st = {0};

	app->options.threads = 1;
	if (!app_init(app, path, null, null, &st) || !open_model(app, model, &st) || !open_data(app, data, &st) ||
	    !open_picture(app, "0", &st) || !need_walk(app, &st))
		stop(&st);
	app_set_threads(app, 1);
}

static double
some_steps(struct app *app, int steps, bool recorded)
{
	double start = timing_spent();
	struct status st = {0};
	int64_t run = recorded ? notebook_run_begin(app, "step", app->plan, app->data) : 0;

	walk_reset(app->walk);
	record_back(app->record, 0);
	for (int t = 1; t <= steps; t++) {
		if (!record_steps(app->record, app->walk, 1, NULL, &st))
			stop(&st);
		notebook_walk_step(app, run, t);
	}
	notebook_run_end(app, run, &st, 1);
	return timing_spent() - start;
}

/* Runs of steps with and without a notebook, one right after the other, the order
 * changing: the median of the pairs' ratios, for a machine's speed drifts by more than
 * what is looked for. */
static void
time_steps(struct app *app, int steps, int turns)
{
	double bare[TURNS_MAX], ratio[TURNS_MAX], recorded;

	for (int i = 0; i < turns; i++) {
		if (i % 2 == 0)
			bare[i] = some_steps(app, steps, false);
		recorded = some_steps(app, steps, true);
		if (i % 2 == 1)
			bare[i] = some_steps(app, steps, false);
		ratio[i] = recorded / bare[i] - 1;
	}
	printf("%s, runs of %d steps: a step %.1f us, recording it %+.2f%%", app->model->name, steps,
	       1e6 * timing_median(bare, turns) / steps, 100 * timing_median(ratio, turns));
	printf(" (half of %d pairs: %+.2f to %+.2f%%)\n", turns, 100 * ratio[turns / 4], 100 * ratio[turns - 1 - turns / 4]);
}

struct keeping {
	struct app *app;
	int64_t run;
	const struct eval_options *options;
	double seconds;
};

static void
keep(void *ctx, const struct eval_result *so_far, int from)
{
	struct keeping *k = ctx;
	double start = timing_spent();

	notebook_eval(k->app, k->run, k->options, so_far, from);
	k->seconds += timing_spent() - start;
}

static void
time_eval(struct app *app, int pictures)
{
	static const int t[] = {1, 2, 4, 8, 16, 32};
	struct eval_options options = {.count = pictures, .t = t, .ts = 6, .threads = 1, .keep = keep};
	struct keeping keeping = {.app = app, .options = &options};
	struct eval_result result = {0};
	struct status st = {0};
	double start = timing_spent(), all;

	keeping.run = notebook_run_begin(app, "eval", app->plan, app->data);
	keeping.seconds = timing_spent() - start;
	options.keep_ctx = &keeping;
	if (!eval_run(app->plan, app->data, &options, &result, NULL, &st))
		stop(&st);
	all = timing_spent();
	notebook_run_end(app, keeping.run, &st, 1);
	keeping.seconds += timing_spent() - all;
	all = timing_spent() - start;
	printf("%s, %d pictures: an evaluation %.2f s, recording it %.1f ms: %.2f%%\n", app->model->name, pictures, all,
	       1e3 * keeping.seconds, 100 * keeping.seconds / (all - keeping.seconds));
	eval_done(&result);
}

static void
time_recording(const char *model, const char *data, const char *path, int steps, int turns, int pictures)
{
	static struct app app;
	FILE *null = fopen("/dev/null", "w");

	if (!null)
		return;
	open_all(&app, model, data, path, null);
	time_steps(&app, steps, turns);
	time_eval(&app, pictures);
	app_done(&app);
	fclose(null);
}

static void
remove_notebook(const char *path)
{
	char beside[600];

	unlink(path);
	snprintf(beside, sizeof(beside), "%s-wal", path);
	unlink(beside);
	snprintf(beside, sizeof(beside), "%s-shm", path);
	unlink(beside);
}

int
main(int argc, char **argv)
{
	const char *tmp = getenv("TMPDIR");
	char made[512], small[512];

	snprintf(made, sizeof(made), "%s/spikescope-bench-%ld.db", tmp ? tmp : "/tmp", (long)getpid());
	snprintf(small, sizeof(small), "%s/spikescope-bench-%ld-small.db", tmp ? tmp : "/tmp", (long)getpid());
	omp_set_num_threads(1);
	if (argc > 1)
		snprintf(made, sizeof(made), "%s", argv[1]);
	if (access(made, F_OK) != 0) {
		double start = timing_now();

		make_file(made);
		printf("made in %.1f s\n", timing_now() - start);
	}
	print_size(made);
	time_start(made);
	ask_all(made);
	time_commands(made);
	time_recording("examples/digits-vit", "examples/digits-vit/test.safetensors", small, 256, 100, 200);
	if (access("../shared/models/cifar10-vit", R_OK) == 0 && access("../shared/data/cifar10", R_OK) == 0)
		time_recording("../shared/models/cifar10-vit", "../shared/data/cifar10", small, 16, 20, 16);
	remove_notebook(small);
	if (argc <= 1)
		remove_notebook(made);
	return 0;
}
