/* Notebooks that are shared: nothing twice, nothing lost, nothing believed. */
#include "db/transfer.h"

#include "base/rng.h"
#include "tests/support/ask.h"
#include "tests/support/scratch.h"

#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
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
execute(const char *path, const char *sql)
{
	char *message = NULL;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s: %s", sql, message);
	sqlite3_close(db);
}

static const char *const sites[] = {"blocks.0.attn", "head"};

/* A run with something in every table that belongs to runs. */
static int64_t
record_run(struct store *store, int64_t session, const char *plan, double value)
{
	struct status st = {0};
	const float weights[3] = {(float)value, 2, 3}, kept[2] = {(float)value, 1};
	const int dim[1] = {2};
	struct record_site site[2] = {{(float)value, 1, 1, 1, 1, 1, NAN}, {2, 2, 2, 2, 2, 2, 2}};
	int64_t command = store_command_begin(store, session, "run 1", &st);
	struct record_run run = {session, command, "step", "m1", plan, "d1", 7, "0.1.0", 2, 0, "{\"plan\":\"p2\"}"};
	int64_t id;

	store_model(store, &(struct record_model){"m1", "digits-vit", "vit", "/models/digits", 12345}, &st);
	store_dataset(store, &(struct record_dataset){"d1", "/data/digits", 360, 10}, &st);
	for (int i = 1; i <= 2; i++)
		store_plan(store,
			   &(struct record_plan){.hash = i == 1 ? "p1" : "p2",
						 .model_hash = "m1",
						 .recipe = "sta",
						 .T = 16,
						 .json = "{}",
						 .content = "whole",
						 .size = 5},
			   &st);
	id = store_run_begin(store, &run, &st);
	store_metric(store, id, 1, "accuracy", value, &st);
	store_site_metric(store, id, "tail", 1, "reach", value, &st);
	store_site_step(store, id, 1, store_site_list(store, sites, 2, &st), site, 2, &st);
	store_prediction(store, &(struct record_prediction){.run = id, .picture = 3, .label = 1, .ann = 1, .snn = 2, .t = 1},
			 &st);
	store_tensor(store, &(struct record_tensor){id, "head", "count", 1, 1, dim, kept}, &st);
	store_ugo_put(store, &(struct record_ugo){.name = "g", .hidden = 1, .form = "relu", .weights = weights, .rows = 3}, &st);
	store_run_end(store, id, &(struct record_end){.status = "done", .seconds = 1}, &st);
	store_command_end(store, command, &(struct record_end){.status = "done", .state = "{\"t\":1}"}, &st);
	if (st.code != STATUS_OK)
		fail_msg("%s", st.message);
	return id;
}

static int
set_up(void **state)
{
	struct status st = {0};
	struct store *store;
	int64_t a, b;

	scratch_make();
	*state = store = open_ok(scratch_path("a.db"));
	a = store_session_new(store, "thresholds", &st);
	b = store_session_new(store, "other", &st);
	record_run(store, a, "p1", 0.5);
	record_run(store, b, "p1", 0.75);
	record_run(store, a, NULL, 0.25);
	return 0;
}

static int
tear_down(void **state)
{
	store_close(*state);
	scratch_remove();
	return 0;
}

static void
export_ok(struct store *store, struct transfer *t, const char *name)
{
	struct status st = {0};

	if (!transfer_export(store, t, scratch_path(name), false, &st))
		fail_msg("%s", st.message);
}

static void
import_ok(struct store *store, struct transfer *t, const char *name)
{
	struct status st = {0};

	if (!transfer_import(store, t, scratch_path(name), &st))
		fail_msg("%s", st.message);
}

/* Everything that is measured, and of which run, by what does not depend on numbers of rows. */
static const char measured[] =
    "SELECT group_concat(x, '|') FROM (SELECT uid || kind || status || seed || threads || state || coalesce(plan_hash, '-') || "
    "(SELECT group_concat(name || t || value) FROM run_metrics WHERE run_id = r.id) || (SELECT group_concat(site || name || t || "
    "value) FROM v_site_metrics WHERE run = r.id) || (SELECT group_concat(picture || label || snn) FROM predictions WHERE run_id "
    "= "
    "r.id) || (SELECT group_concat(site || t || shape || hex(data)) FROM tensors WHERE run_id = r.id) || (SELECT line || status "
    "FROM "
    "commands WHERE id = r.command_id) || (SELECT name || note FROM sessions WHERE id = r.session_id) AS x FROM runs AS r ORDER "
    "BY "
    "uid)";

static void
everything_arrives(void **state)
{
	struct transfer out = {0}, in = {0}, again = {0};
	struct store *other = open_ok(scratch_path("other.db"));
	char before[4096];

	snprintf(before, sizeof(before), "%s", ask_text(*state, measured));
	assert_true(strlen(before) > 400);
	export_ok(*state, &out, "all.db");
	assert_true(out.runs == 3 && out.sessions == 2 && out.plans == 2 && out.known == 0);
	assert_int_equal(access(scratch_path("all.db-wal"), F_OK), -1);
	import_ok(other, &in, "all.db");
	assert_true(in.runs == 3 && in.sessions == 2 && in.plans == 2 && in.ugos == 3 && in.known == 0);
	assert_string_equal(ask_text(other, measured), before);
	assert_string_equal(ask_text(other, "SELECT group_concat(CAST(content AS TEXT)) FROM plans"), "whole,whole");
	assert_true(ask_number(other, "SELECT count(*) FROM session_states") == 3);
	import_ok(other, &again, "all.db");
	assert_true(again.runs == 0 && again.sessions == 0 && again.commands == 0 && again.known == 3);
	assert_string_equal(ask_text(other, measured), before);
	/* And back: it is known. */
	store_close(other);
	memset(&again, 0, sizeof(again));
	import_ok(*state, &again, "other.db");
	assert_true(again.runs == 0 && again.known == 3);
}

static void
a_run_goes_with_what_it_needs(void **state)
{
	struct transfer run = {.run = 3}, session = {.session = 1};
	struct store *other;

	export_ok(*state, &run, "run.db");
	other = open_ok(scratch_path("run.db"));
	/* Its state before the command had another plan. */
	assert_string_equal(ask_text(other, "SELECT group_concat(hash) FROM plans"), "p2");
	assert_true(ask_number(other, "SELECT value FROM run_metrics WHERE name = 'accuracy'") == 0.25);
	assert_string_equal(ask_text(other, "SELECT session || command || model FROM v_runs"), "thresholdsrun 1digits-vit");
	assert_true(ask_number(other, "SELECT count(*) FROM runs") == 1);
	store_close(other);
	export_ok(*state, &session, "session.db");
	other = open_ok(scratch_path("session.db"));
	assert_true(ask_number(other, "SELECT count(*) FROM runs") == 2);
	assert_string_equal(ask_text(other, "SELECT group_concat(hash) FROM plans"), "p1,p2");
	store_close(other);
}

static void
names_that_are_taken_stay(void **state)
{
	struct store *other = open_ok(scratch_path("other.db"));
	struct transfer out = {.session = 1}, in = {0};
	struct status st = {0};
	int64_t mine = store_session_new(other, "thresholds", &st);

	store_session_note(other, mine, "mine", &st);
	store_model(other, &(struct record_model){"m1", "my name for it", "vit", "/mine", 1}, &st);
	export_ok(*state, &out, "s.db");
	import_ok(other, &in, "s.db");
	assert_string_equal(ask_text(other, "SELECT group_concat(name || ':' || note) FROM sessions"),
			    "thresholds:mine,thresholds-2:");
	assert_string_equal(ask_text(other, "SELECT name FROM models"), "my name for it");
	store_close(other);
}

/* A session that has grown since it was last taken over. */
static void
only_what_is_new_is_taken(void **state)
{
	struct store *other = open_ok(scratch_path("other.db"));
	struct transfer in = {0}, more = {0}, out = {0}, later = {0};

	export_ok(*state, &out, "1.db");
	import_ok(other, &in, "1.db");
	record_run(*state, 1, "p1", 0.125);
	export_ok(*state, &later, "2.db");
	import_ok(other, &more, "2.db");
	assert_true(more.runs == 1 && more.known == 3 && more.sessions == 0 && more.commands == 1);
	assert_true(ask_number(other, "SELECT count(*) FROM runs WHERE session_id = (SELECT id FROM sessions WHERE name = "
				      "'thresholds')") == 3);
	store_close(other);
}

static void
what_ran_there_does_not_run_here(void **state)
{
	struct store *other = open_ok(scratch_path("other.db"));
	struct transfer out = {0}, in = {0};
	struct status st = {0};
	int64_t mine = store_run_begin(other, &(struct record_run){.kind = "ann", .version = "0", .threads = 1}, &st);

	store_run_begin(*state, &(struct record_run){.session = 1, .kind = "ann", .version = "0", .threads = 1}, &st);
	export_ok(*state, &out, "all.db");
	import_ok(other, &in, "all.db");
	assert_true(mine == ask_number(other, "SELECT id FROM runs WHERE status = 'running'"));
	assert_true(ask_number(other, "SELECT count(*) FROM runs WHERE status = 'interrupted'") == 1);
	store_close(other);
}

static void
files_are_not_overwritten(void **state)
{
	struct transfer t = {0};
	struct status st = {0};

	scratch_write("mine.txt", "precious", 8);
	assert_false(transfer_export(*state, &t, scratch_path("mine.txt"), false, &st));
	assert_int_equal(st.code, STATUS_FAILED);
	status_clear(&st);
	assert_true(transfer_export(*state, &t, scratch_path("mine.txt"), true, &st));
	assert_false(transfer_export(*state, &t, scratch_path("no/folder.db"), false, &st));
	assert_int_equal(st.code, STATUS_FAILED);
	status_clear(&st);
	t = (struct transfer){.run = 99};
	assert_false(transfer_export(*state, &t, scratch_path("x.db"), false, &st));
	assert_int_equal(st.code, STATUS_USAGE);
	assert_int_equal(access(scratch_path("x.db"), F_OK), -1);
}

/* --- strangers ------------------------------------------------------------ */

static void
assert_refused(struct store *store, const char *name, const char *says)
{
	struct transfer t = {0};
	struct status st = {0};
	double runs = ask_number(store, "SELECT count(*) FROM runs"),
	       sessions = ask_number(store, "SELECT count(*) FROM sessions");

	if (transfer_import(store, &t, scratch_path(name), &st))
		fail_msg("%s was taken", name);
	assert_int_equal(st.code, STATUS_DATA);
	if (!strstr(st.message, says))
		fail_msg("%s: says '%s', not '%s'", name, st.message, says);
	assert_null(strchr(st.message, '\x1b'));
	assert_true(ask_number(store, "SELECT count(*) FROM runs") == runs);
	assert_true(ask_number(store, "SELECT count(*) FROM sessions") == sessions);
}

static void
what_is_no_notebook_is_refused(void **state)
{
	struct transfer t = {0};

	scratch_write("text.db", "hello, this is not a database at all", 36);
	assert_refused(*state, "text.db", "not a database");
	scratch_write("empty.db", "", 0);
	assert_refused(*state, "empty.db", "empty");
	execute(scratch_path("foreign.db"), "CREATE TABLE bookmarks(url)");
	assert_refused(*state, "foreign.db", "another application");
	assert_refused(*state, "missing.db", "No such file");
	assert_refused(*state, ".", "not a file");
	assert_int_equal(mkfifo(scratch_path("pipe.db"), 0600), 0);
	assert_refused(*state, "pipe.db", "not a file");
	export_ok(*state, &t, "newer.db");
	execute(scratch_path("newer.db"), "PRAGMA user_version = 70");
	assert_refused(*state, "newer.db", "newer");
}

static void
altered_notebooks_are_refused(void **state)
{
	static const char *const change[] = {
	    "ALTER TABLE runs ADD COLUMN extra TEXT",
	    "DROP TABLE tensors",
	    "DROP VIEW v_runs; DROP TABLE ugos; CREATE VIEW ugos AS SELECT 1",
	    "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'value REAL', 'value ANY') WHERE name = "
	    "'run_metrics'",
	};

	for (size_t i = 0; i < sizeof(change) / sizeof(change[0]); i++) {
		struct transfer t = {0};
		char name[32];

		snprintf(name, sizeof(name), "%zu.db", i);
		export_ok(*state, &t, name);
		execute(scratch_path(name), change[i]);
		assert_refused(*state, name, "nothing was copied");
	}
}

static void
triggers_and_views_of_strangers_do_nothing(void **state)
{
	struct store *other = open_ok(scratch_path("other.db"));
	struct transfer out = {0}, in = {0};

	export_ok(*state, &out, "trap.db");
	execute(scratch_path("trap.db"),
		"CREATE TRIGGER t1 AFTER INSERT ON runs BEGIN DELETE FROM sessions; END; DROP VIEW v_runs; CREATE VIEW v_runs AS "
		"WITH "
		"RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT i FROM n; CREATE TABLE extra(x)");
	import_ok(other, &in, "trap.db");
	assert_int_equal(in.runs, 3);
	assert_true(ask_number(other, "SELECT count(*) FROM sessions") == 2);
	assert_true(ask_number(other, "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' OR name = 'extra'") == 0);
	assert_true(ask_number(other, "SELECT count(*) FROM v_runs") == 3);
	store_close(other);
}

/* What is wrong in a way that the tables cannot hold leaves nothing behind. */
static void
records_that_contradict_are_refused(void **state)
{
	static const char *const change[] = {
	    "UPDATE runs SET model_hash = 'elsewhere'",
	    "PRAGMA ignore_check_constraints = ON; UPDATE runs SET status = 'wonderful'",
	};
	struct store *other = open_ok(scratch_path("other.db"));

	for (size_t i = 0; i < sizeof(change) / sizeof(change[0]); i++) {
		struct transfer t = {0};
		char name[32];

		snprintf(name, sizeof(name), "%zu.db", i);
		export_ok(*state, &t, name);
		execute(scratch_path(name), change[i]);
		assert_refused(other, name, "nothing was copied");
	}
	assert_true(ask_number(other, "SELECT count(*) FROM models") == 0);
	store_close(other);
}

static void
packed_values_of_another_length_are_refused(void **state)
{
	const char *const changes[] = {
	    "UPDATE ugos SET weights = x'0000'",
	    "UPDATE ugos SET hidden = -1",
	    "UPDATE step_spans SET steps = 9999999",
	    "UPDATE tensors SET shape = 'flat'",
	};
	struct store *other = open_ok(scratch_path("other.db"));

	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		struct transfer t = {0};
		char name[20];

		snprintf(name, sizeof(name), "lie%zu.db", i);
		export_ok(*state, &t, name);
		execute(scratch_path(name), changes[i]);
		assert_refused(other, name, "nothing was copied");
	}
	store_close(other);
}

static void
names_with_escapes_are_taken_as_they_are(void **state)
{
	struct store *other = open_ok(scratch_path("other.db"));
	struct transfer out = {0}, in = {0};

	export_ok(*state, &out, "e.db");
	execute(scratch_path("e.db"),
		"UPDATE sessions SET name = char(27) || '[31m' || name; UPDATE models SET name = char(27) || ']0;x'");
	import_ok(other, &in, "e.db");
	assert_true(ask_number(other, "SELECT count(*) FROM sessions WHERE instr(name, char(27))") == 2);
	store_close(other);
}

static void
damaged_files_are_survived(void **state)
{
	static unsigned char good[1 << 19], bad[sizeof(good)];
	struct store *other = open_ok(scratch_path("other.db"));
	struct transfer out = {0};
	struct rng rng;
	FILE *f;
	size_t size;
	int taken = 0;

	export_ok(*state, &out, "good.db");
	f = fopen(scratch_path("good.db"), "rb");
	size = fread(good, 1, sizeof(good), f);
	fclose(f);
	assert_true(size > 50000 && size < sizeof(good));
	rng_seed(&rng, 11);
	for (int round = 0; round < 80; round++) {
		struct transfer in = {0};
		struct status st = {0};

		memcpy(bad, good, size);
		for (int i = 0; i < 1 + round; i++)
			bad[rng_below(&rng, round % 2 ? size : 8192)] = (unsigned char)rng_next(&rng);
		scratch_write("bad.db", bad, size);
		if (transfer_import(other, &in, scratch_path("bad.db"), &st))
			taken++;
		else
			assert_int_equal(st.code, STATUS_DATA);
	}
	/* Whatever was taken, the notebook is whole. */
	assert_string_equal(ask_text(other, "SELECT coalesce(group_concat(status), '') FROM runs WHERE status NOT IN ('done')"),
			    "");
	store_close(other);
	execute(scratch_path("other.db"), "SELECT 1 / (integrity_check = 'ok') FROM pragma_integrity_check");
	printf("%d of 80 damaged files were taken\n", taken);
}

static bool
always(void *ctx)
{
	(void)ctx;
	return true;
}

static void
a_copy_can_be_stopped(void **state)
{
	struct store *other = open_ok(scratch_path("other.db"));
	struct transfer out = {0}, in = {.cancelled = always};
	struct status st = {0};

	/* Enough to be polled. */
	for (int i = 0; i < 60; i++)
		record_run(*state, 1, "p1", i);
	export_ok(*state, &out, "all.db");
	assert_false(transfer_import(other, &in, scratch_path("all.db"), &st));
	assert_int_equal(st.code, STATUS_CANCELLED);
	assert_true(ask_number(other, "SELECT count(*) FROM runs") == 0);
	store_close(other);
}

static void
limit_file_size(rlim_t bytes)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void
a_full_disk_leaves_all_or_nothing(void **state)
{
	struct store *other = open_ok(scratch_path("other.db"));
	struct transfer out = {0}, in = {0}, more = {0};
	struct status st = {0};

	for (int i = 0; i < 120; i++)
		record_run(*state, 1, "p1", i);
	export_ok(*state, &out, "all.db");
	limit_file_size(200000);
	assert_false(transfer_import(other, &in, scratch_path("all.db"), &st));
	assert_int_equal(st.code, STATUS_DATA);
	assert_non_null(strstr(st.message, "space"));
	status_clear(&st);
	assert_false(transfer_export(*state, &more, scratch_path("more.db"), false, &st));
	limit_file_size(RLIM_INFINITY);
	assert_int_equal(access(scratch_path("more.db"), F_OK), -1);
	assert_true(ask_number(other, "SELECT count(*) FROM runs") == 0);
	memset(&in, 0, sizeof(in));
	import_ok(other, &in, "all.db");
	assert_int_equal(in.runs, 123);
	store_close(other);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(everything_arrives),
	    TEST(a_run_goes_with_what_it_needs),
	    TEST(names_that_are_taken_stay),
	    TEST(only_what_is_new_is_taken),
	    TEST(what_ran_there_does_not_run_here),
	    TEST(files_are_not_overwritten),
	    TEST(what_is_no_notebook_is_refused),
	    TEST(altered_notebooks_are_refused),
	    TEST(triggers_and_views_of_strangers_do_nothing),
	    TEST(records_that_contradict_are_refused),
	    TEST(packed_values_of_another_length_are_refused),
	    TEST(names_with_escapes_are_taken_as_they_are),
	    TEST(damaged_files_are_survived),
	    TEST(a_copy_can_be_stopped),
	    TEST(a_full_disk_leaves_all_or_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
