/* The store's records: what is written comes back, whole steps at a time. */
#include "db/store.h"

#include "tests/support/ask.h"
#include "tests/support/scratch.h"

#include <math.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct store *
open_ok(const char *path)
{
	struct status st = {0};
	struct store *store = store_open(path, &st);

	if (!store)
		fail_msg("%s", st.message);
	return store;
}

static void
put_references(struct store *store)
{
	struct status st = {0};

	assert_true(store_model(store, &(struct record_model){"m1", "digits-vit", "vit", "/models/digits", 12345}, &st));
	assert_true(store_dataset(store, &(struct record_dataset){"d1", "/data/digits", 360, 10}, &st));
	assert_true(store_plan(
	    store,
	    &(struct record_plan){
		.hash = "p1", .model_hash = "m1", .recipe = "sta", .T = 16, .json = "{\"T\":16}", .content = "whole", .size = 5},
	    &st));
}

static int64_t
begin_run(struct store *store, const char *kind)
{
	struct status st = {0};
	struct record_run run = {.kind = kind,
				 .model_hash = "m1",
				 .plan_hash = "p1",
				 .dataset_hash = "d1",
				 .seed = UINT64_MAX,
				 .version = "0.1.0",
				 .threads = 2};
	int64_t id = store_run_begin(store, &run, &st);

	if (!id)
		fail_msg("%s", st.message);
	return id;
}

static void
records_come_back(void **state)
{
	struct store *store = open_ok(":memory:");
	struct status st = {0};

	(void)state;
	put_references(store);
	assert_true(store_model(store, &(struct record_model){"m1", "renamed", NULL, "/new", 12345}, &st));
	assert_string_equal(ask_text(store, "SELECT name || ' ' || path FROM models"), "renamed /new");
	assert_true(ask_number(store, "SELECT count(*) FROM models WHERE family IS NULL") == 1);
	assert_string_equal(ask_text(store, "SELECT json FROM plans WHERE T = 16"), "{\"T\":16}");
	assert_true(ask_number(store, "SELECT images + classes FROM datasets") == 370);
	assert_true(ask_number(store, "SELECT created GLOB '20[0-9][0-9]-[01][0-9]-[0-3][0-9]T*Z' FROM plans") == 1);
	store_close(store);
}

static void
a_run_is_recorded_with_all_that_repeats_it(void **state)
{
	struct store *store = open_ok(":memory:");
	struct status st = {0};
	int64_t session = store_session_new(store, "first", &st),
		command = store_command_begin(store, session, "eval --T 16", &st), run;
	struct record_run record = {session, command, "eval", "m1", "p1", "d1", 7, "0.1.0", 2, 0, "{}"};

	(void)state;
	put_references(store);
	assert_true(session > 0 && command > 0);
	run = store_run_begin(store, &record, &st);
	assert_true(run > 0);
	assert_string_equal(ask_text(store, "SELECT status FROM runs"), "running");
	assert_true(store_metric(store, run, 8, "accuracy", 0.5, &st) && store_metric(store, run, 16, "accuracy", 0.75, &st));
	assert_true(store_metric(store, run, 0, "ann_accuracy", 0.875, &st));
	assert_true(store_run_end(store, run, &(struct record_end){"done", NULL, 1.5, 1 << 20, NULL}, &st));
	assert_true(store_command_end(store, command, &(struct record_end){"failed", "no such site", 2.5, 0, NULL}, &st));
	assert_string_equal(ask_text(store, "SELECT status || message || seconds FROM commands"), "failedno such site2.5");
	assert_string_equal(
	    ask_text(store, "SELECT concat FROM (SELECT kind||status||seconds||session||model||recipe||T||accuracy||"
			    "ann_accuracy||images||seed||threads||version||peak_memory_bytes||command AS concat FROM v_runs)"),
	    "evaldone1.5firstdigits-vitsta160.750.875360720.1.01048576eval --T 16");
	assert_true(ask_number(store, "SELECT count(*) FROM v_accuracy_vs_t WHERE run = 1 AND ann_accuracy = 0.875") == 2);
	assert_true(
	    ask_number(store, "SELECT count(*) FROM runs WHERE length(host) > 0 AND pid > 0 AND length(process_start) > 0") == 1);
	store_close(store);
}

static void
what_is_not_recorded_cannot_be_referred_to(void **state)
{
	struct store *store = open_ok(":memory:");
	struct status st = {0};

	(void)state;
	assert_int_equal(store_run_begin(store, &(struct record_run){.kind = "ann", .model_hash = "none", .version = "0"}, &st),
			 0);
	assert_int_equal(st.code, STATUS_DATA);
	assert_non_null(strstr(st.message, "not recorded"));
	status_clear(&st);
	assert_false(store_run_end(store, 99, &(struct record_end){.status = "done"}, &st));
	assert_non_null(strstr(st.message, "run 99"));
	status_clear(&st);
	assert_false(store_session_note(store, 5, "x", &st));
	assert_int_equal(st.code, STATUS_USAGE);
	store_close(store);
}

static void
measurements_come_back(void **state)
{
	struct store *store = open_ok(":memory:");
	struct status st = {0};
	int64_t run;

	(void)state;
	put_references(store);
	run = begin_run(store, "step");
	for (int t = 1; t <= 3; t++) {
		assert_true(store_metric(store, run, t, "logit_rmse", 1.0 / t, &st));
		assert_true(store_site_metric(store, run, "blocks.1.attn", t, "rmse", 0.25 * t, &st));
		assert_true(store_site_metric(store, run, "blocks.0.attn", t, "rmse", 0.5 * t, &st));
		assert_true(store_site_metric(store, run, "blocks.0.attn", t, "cosine", t == 2 ? NAN : 0.5, &st));
	}
	assert_true(store_metric(store, run, 3, "logit_rmse", 8, &st));
	assert_true(store_prediction(
	    store, &(struct record_prediction){.run = run, .picture = 17, .label = -1, .ann = 3, .snn = 4, .t = 3}, &st));
	assert_true(ask_number(store, "SELECT value FROM run_metrics WHERE t = 3") == 8);
	assert_true(ask_number(store, "SELECT count(*) FROM site_metrics") == 9);
	assert_true(ask_number(store, "SELECT value FROM v_site_metrics WHERE site = 'blocks.1.attn' AND t = 2") == 0.5);
	assert_true(ask_number(store, "SELECT count(*) FROM v_site_metrics WHERE value IS NULL AND name = 'cosine' AND t = 2") ==
		    1);
	assert_string_equal(ask_text(store, "SELECT group_concat(site || t || rmse) FROM v_layer_error"),
			    "blocks.1.attn30.75,blocks.0.attn31.5");
	assert_true(ask_number(store, "SELECT picture * 100 + ann * 10 + snn FROM predictions WHERE label IS NULL") == 1734);
	store_close(store);
}

static void
others_see_whole_steps_only(void **state)
{
	struct store *store, *other;
	struct status st = {0};
	int64_t run;

	(void)state;
	scratch_make();
	store = open_ok(scratch_path("a.db"));
	other = open_ok(scratch_path("a.db"));
	put_references(store);
	run = begin_run(store, "step");
	for (int t = 1; t <= 4000; t++) {
		for (int i = 0; i < 10; i++) {
			char name[16];

			snprintf(name, sizeof(name), "m%d", i);
			assert_true(store_metric(store, run, t, name, i, &st));
		}
		if (t % 500 == 0)
			assert_true(
			    ask_number(other,
				       "SELECT count(*) FROM (SELECT 1 FROM run_metrics GROUP BY t HAVING count(*) <> 10)") == 0);
	}
	/* Many rows are written without being asked for, the last step is not. */
	assert_true(ask_number(other, "SELECT max(t) FROM run_metrics") >= 1600);
	assert_true(ask_number(other, "SELECT max(t) FROM run_metrics") < 4000);
	assert_true(store_flush(store, &st));
	assert_true(ask_number(other, "SELECT count(*) FROM run_metrics") == 40000);
	store_close(other);
	store_close(store);
	scratch_remove();
}

static void
closing_writes_what_is_buffered(void **state)
{
	struct store *store;
	struct status st = {0};

	(void)state;
	scratch_make();
	store = open_ok(scratch_path("a.db"));
	put_references(store);
	assert_true(store_metric(store, begin_run(store, "step"), 1, "x", 5, &st));
	store_close(store);
	store = open_ok(scratch_path("a.db"));
	assert_true(ask_number(store, "SELECT value FROM run_metrics") == 5);
	/* Its process is still here, so the run is not taken for a killed one. */
	assert_string_equal(ask_text(store, "SELECT status FROM runs"), "running");
	store_close(store);
	scratch_remove();
}

static void
a_deleted_run_does_not_hold_up_others(void **state)
{
	struct store *store = open_ok(":memory:");
	struct status st = {0};
	int64_t run;

	(void)state;
	put_references(store);
	run = begin_run(store, "step");
	assert_true(store_metric(store, run, 1, "x", 5, &st));
	assert_true(store_metric(store, 999, 1, "x", 6, &st));
	assert_true(store_site_metric(store, 999, "head", 1, "x", 6, &st));
	assert_true(store_metric(store, run, 2, "x", 7, &st));
	assert_false(store_flush(store, &st));
	assert_non_null(strstr(st.message, "run 999"));
	status_clear(&st);
	assert_true(store_flush(store, &st));
	assert_true(ask_number(store, "SELECT sum(value) FROM run_metrics") == 12);
	store_close(store);
}

static bool
count_session(void *ctx, const struct record_session *session)
{
	char *out = ctx;

	snprintf(out + strlen(out), 256 - strlen(out), "%s:%lld:%lld:%s;", session->name, (long long)session->commands,
		 (long long)session->runs, session->note);
	return strcmp(session->name, "s2") != 0;
}

static void
sessions_have_names_and_notes(void **state)
{
	struct store *store = open_ok(":memory:");
	struct status st = {0};
	int64_t a = store_session_new(store, NULL, &st), b = store_session_new(store, "s3", &st),
		c = store_session_new(store, NULL, &st);
	char list[256] = "";

	(void)state;
	/* The third is not called s3: that name is taken. */
	assert_string_equal(ask_text(store, "SELECT group_concat(name) FROM (SELECT name FROM sessions ORDER BY id)"),
			    "s1,s3,s4");
	assert_true(store_session_open(store, "s3", &st) == b);
	assert_true(store_session_open(store, "3", &st) == c);
	assert_int_equal(store_session_new(store, "s1", &st), 0);
	assert_int_equal(st.code, STATUS_USAGE);
	status_clear(&st);
	assert_int_equal(store_session_open(store, "nothing\x1b[31m", &st), 0);
	assert_int_equal(st.code, STATUS_USAGE);
	assert_null(strchr(st.message, '\x1b'));
	status_clear(&st);
	assert_true(store_session_note(store, a, "one", &st) && store_session_note(store, a, "two", &st));
	assert_true(store_command_begin(store, a, "help", &st) > 0);
	assert_true(store_session_list(store, count_session, list, &st));
	assert_string_equal(list, "s1:1:0:one\ntwo;s4:0:0:;s3:0:0:;");
	store_close(store);
}

struct ugo_list {
	int count;
	struct record_ugo last;
	float weights[16];
	double knots[8];
};

static bool
keep_ugo(void *ctx, const struct record_ugo *ugo)
{
	struct ugo_list *list = ctx;

	list->count++;
	list->last = *ugo;
	assert_true(ugo->rows * ugo->hidden <= 16);
	memcpy(list->weights, ugo->weights, (size_t)(ugo->rows * ugo->hidden) * sizeof(float));
	assert_true(ugo->knot_count <= 4);
	if (ugo->knots)
		memcpy(list->knots, ugo->knots, 2 * (size_t)ugo->knot_count * sizeof(double));
	return true;
}

static void
ugos_come_back(void **state)
{
	static const float weights[] = {1, 2, 3, 4, 5, 6, 7, 8};
	static const double knots[] = {-4, 0.1, 4, 0, 0.2, 0.3};
	struct record_ugo ugo = {.name = "g",
				 .function = "gelu",
				 .lo = -4,
				 .hi = 4,
				 .hidden = 2,
				 .form = "segment",
				 .rmse = 0.5,
				 .max_error = 1,
				 .weights = weights,
				 .rows = 4,
				 .b2 = 0.1f,
				 .knots = knots,
				 .knot_count = 3};
	struct store *store = open_ok(":memory:");
	struct ugo_list list = {0};
	struct status st = {0};
	int64_t first = store_ugo_put(store, &ugo, &st), second;

	(void)state;
	assert_true(first > 0 && store_ugo_put(store, &ugo, &st) == first);
	assert_true(store_ugo_list(store, "g", keep_ugo, &list, &st));
	assert_int_equal(list.count, 1);
	assert_memory_equal(list.weights, weights, sizeof(weights));
	assert_memory_equal(list.knots, knots, sizeof(knots));
	assert_true(list.last.knot_count == 3 && list.last.b2 == 0.1f && list.last.hi == 4 && list.last.hidden == 2);
	ugo.rows = 3, ugo.form = "relu", ugo.rmse = 0.25, ugo.function = NULL;
	second = store_ugo_put(store, &ugo, &st);
	assert_true(second > first);
	ugo.hidden = 0;
	assert_int_equal(store_ugo_put(store, &ugo, &st), 0);
	assert_int_equal(st.code, STATUS_USAGE);
	status_clear(&st);
	list.count = 0;
	assert_true(store_ugo_list(store, "g", keep_ugo, &list, &st) && list.count == 2);
	list.count = 0;
	assert_true(store_ugo_list(store, NULL, keep_ugo, &list, &st) && list.count == 1);
	list.count = 0;
	assert_true(store_ugo_list(store, "none", keep_ugo, &list, &st) && list.count == 0);
	store_close(store);
}

static void
the_pareto_view_shows_the_front(void **state)
{
	static const float weights[3 * 4];
	static const struct {
		const char *name;
		int hidden;
		double rmse;
	} put[] = {{"a", 1, 0.9}, {"b", 2, 0.5}, {"worse", 2, 0.6}, {"c", 4, 0.1}, {"useless", 3, 0.5}};
	struct store *store = open_ok(":memory:");
	struct status st = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(put) / sizeof(put[0]); i++) {
		struct record_ugo ugo = {.name = put[i].name,
					 .function = "exp",
					 .lo = -8,
					 .hidden = put[i].hidden,
					 .form = "relu",
					 .rmse = put[i].rmse,
					 .weights = weights,
					 .rows = 3};

		assert_true(store_ugo_put(store, &ugo, &st) > 0);
	}
	assert_string_equal(ask_text(store, "SELECT group_concat(name) FROM v_ugo_pareto"), "a,b,c");
	store_close(store);
}

static void
the_default_place_is_made(void **state)
{
	struct store *store;
	struct stat s;

	(void)state;
	scratch_make();
	setenv("XDG_DATA_HOME", scratch_path("deep/data"), 1);
	assert_int_equal(mkdir(scratch_path("deep"), 0755), 0);
	store = open_ok(NULL);
	assert_string_equal(store_path(store), scratch_path("deep/data/spikescope/spikescope.db"));
	store_close(store);
	assert_int_equal(stat(scratch_path("deep/data/spikescope"), &s), 0);
	assert_int_equal(s.st_mode & 0777, 0700);
	assert_int_equal(stat(scratch_path("deep/data/spikescope/spikescope.db"), &s), 0);
	assert_int_equal(s.st_mode & 0777, 0600);
	/* The standard says to ignore a relative one. */
	setenv("XDG_DATA_HOME", "relative", 1);
	setenv("HOME", scratch_folder(), 1);
	store = open_ok(NULL);
	assert_string_equal(store_path(store), scratch_path(".local/share/spikescope/spikescope.db"));
	store_close(store);
	unsetenv("XDG_DATA_HOME");
	scratch_remove();
}

static void
names_are_paths_and_nothing_else(void **state)
{
	struct store *store;
	char cwd[512];

	(void)state;
	scratch_make();
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	assert_int_equal(chdir(scratch_folder()), 0);
	store = open_ok("file:x.db?mode=memory");
	assert_int_equal(chdir(cwd), 0);
	/* The question's own connection opens after the change of folder. */
	assert_true(ask_number(store, "SELECT count(*) FROM runs") == 0);
	assert_int_equal(access(scratch_path("file:x.db?mode=memory"), F_OK), 0);
	store_close(store);
	scratch_remove();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(records_come_back),
	    cmocka_unit_test(a_run_is_recorded_with_all_that_repeats_it),
	    cmocka_unit_test(what_is_not_recorded_cannot_be_referred_to),
	    cmocka_unit_test(measurements_come_back),
	    cmocka_unit_test(others_see_whole_steps_only),
	    cmocka_unit_test(closing_writes_what_is_buffered),
	    cmocka_unit_test(a_deleted_run_does_not_hold_up_others),
	    cmocka_unit_test(sessions_have_names_and_notes),
	    cmocka_unit_test(ugos_come_back),
	    cmocka_unit_test(the_pareto_view_shows_the_front),
	    cmocka_unit_test(the_default_place_is_made),
	    cmocka_unit_test(names_are_paths_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
