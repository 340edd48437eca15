/* Care for the file: what is wrong is found, copies are whole, what is deleted is what was meant. */
#include "db/care.h"

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

static int64_t
record_run(struct store *store, int64_t session, const char *plan, const char *status)
{
	struct status st = {0};
	const float kept[2] = {1, 2};
	const int dim[1] = {2};
	struct record_site site[2] = {{.rmse = 1}, {.rmse = 2}};
	struct record_run run = {session, 0, "step", "m1", plan, NULL, 7, "0.1.0", 2, 0, "{}"};
	int64_t id;

	store_model(store, &(struct record_model){"m1", "digits-vit", "vit", "/models/digits", 12345}, &st);
	if (plan)
		store_plan(store, &(struct record_plan){.hash = plan, .model_hash = "m1", .recipe = "sta", .T = 16, .json = "{}"},
			   &st);
	id = store_run_begin(store, &run, &st);
	for (int t = 1; t <= 20; t++) {
		store_metric(store, id, t, "x", t, &st);
		store_site_step(store, id, t, store_site_list(store, sites, 2, &st), site, 2, &st);
	}
	store_tensor(store, &(struct record_tensor){id, "head", "count", 1, 1, dim, kept}, &st);
	if (status)
		store_run_end(store, id, &(struct record_end){.status = status}, &st);
	if (st.code != STATUS_OK)
		fail_msg("%s", st.message);
	return id;
}

static int
set_up(void **state)
{
	struct status st = {0};

	scratch_make();
	*state = open_ok(scratch_path("a.db"));
	store_session_new(*state, "a", &st);
	store_session_new(*state, NULL, &st);
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
take(void *ctx, const char *where, const char *problem)
{
	char *out = ctx;

	snprintf(out + strlen(out), 2000 - strlen(out), "%s: %s\n", where, problem);
}

static bool
check(struct store *store, char out[2000])
{
	struct status st = {0};
	bool ok;

	out[0] = '\0';
	ok = care_check(store, NULL, take, out, &st);
	assert_true(ok == (out[0] == '\0'));
	if (!ok)
		assert_int_equal(st.code, STATUS_DATA);
	return ok;
}

static void
a_whole_notebook_is_found_whole(void **state)
{
	char found[2000];

	record_run(*state, 1, "p1", "done");
	if (!check(*state, found))
		fail_msg("%s", found);
}

static void
what_is_wrong_is_named(void **state)
{
	static const struct {
		const char *sql, *undo, *says;
	} wrong[] = {
	    {"UPDATE step_spans SET first_t = 9223372036854775807", "UPDATE step_spans SET first_t = 1", "packed measurements"},
	    {"UPDATE step_spans SET steps = 5", "UPDATE step_spans SET steps = 20", "run 1 from t = 1: packed measurements"},
	    {"UPDATE runs SET plan_hash = 'none'", "UPDATE runs SET plan_hash = 'p1'", "runs row 1: refers to a row of plans"},
	    {"UPDATE tensors SET shape = 'x'", "UPDATE tensors SET shape = '[2]'", "run 1 head t = 1: a tensor's shape"},
	    {"CREATE TRIGGER evil AFTER INSERT ON runs BEGIN SELECT 1; END", "DROP TRIGGER evil",
	     "evil: is not of this program's"},
	    {"DROP VIEW v_ugo_pareto", NULL, "v_ugo_pareto: is missing"},
	};
	char found[2000];

	record_run(*state, 1, "p1", "done");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		execute(scratch_path("a.db"), wrong[i].sql);
		assert_false(check(*state, found));
		if (!strstr(found, wrong[i].says))
			fail_msg("%s: says '%s', not '%s'", wrong[i].sql, found, wrong[i].says);
		if (wrong[i].undo) {
			execute(scratch_path("a.db"), wrong[i].undo);
			assert_true(check(*state, found));
		}
	}
}

static void
a_damaged_page_is_found(void **state)
{
	struct store *store;
	char found[2000];
	FILE *f;

	for (int i = 0; i < 40; i++)
		record_run(*state, 1, "p1", "done");
	store_close(*state);
	f = fopen(scratch_path("a.db"), "r+b");
	fseek(f, -20000, SEEK_END);
	for (int i = 0; i < 8000; i++)
		fputc(0xa5, f);
	fclose(f);
	*state = store = open_ok(scratch_path("a.db"));
	assert_false(check(store, found));
	/* And the workbench goes on. */
	assert_true(ask_number(store, "SELECT count(*) FROM sessions") == 2);
}

static void
a_backup_is_a_notebook(void **state)
{
	struct status st = {0};
	struct store *copy;
	char found[2000];
	sqlite3 *other;

	record_run(*state, 1, "p1", "done");
	/* Somebody else is writing. */
	assert_int_equal(sqlite3_open(scratch_path("a.db"), &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE; INSERT INTO sessions(name) VALUES ('half')", NULL, NULL, NULL),
			 SQLITE_OK);
	assert_true(care_backup(*state, NULL, scratch_path("b.db"), false, &st));
	sqlite3_close(other);
	copy = open_ok(scratch_path("b.db"));
	assert_true(check(copy, found));
	assert_true(ask_number(copy, "SELECT count(*) FROM run_metrics") == 20);
	assert_true(ask_number(copy, "SELECT count(*) FROM sessions") == 2);
	store_close(copy);
	assert_false(care_backup(*state, NULL, scratch_path("b.db"), false, &st));
	assert_int_equal(st.code, STATUS_FAILED);
	status_clear(&st);
	assert_true(care_backup(*state, NULL, scratch_path("b.db"), true, &st));
	assert_false(care_backup(*state, NULL, scratch_path("no/b.db"), false, &st));
	assert_int_equal(st.code, STATUS_FAILED);
}

static void
vacuum_gives_room_back(void **state)
{
	struct status st = {0};
	int64_t before, after;
	struct prune prune = {.status = "failed"};
	sqlite3 *other;

	for (int i = 0; i < 100; i++)
		record_run(*state, 1, "p1", "failed");
	record_run(*state, 1, "p1", "done");
	assert_true(care_prune(*state, 1, &prune, &st));
	assert_true(prune.runs == 100 && prune.tensors == 100 && prune.plans == 0);
	assert_true(care_vacuum(*state, NULL, &before, &after, &st));
	assert_true(after + 100000 < before);
	assert_true(ask_number(*state, "SELECT count(*) FROM run_metrics") == 20);
	assert_true(record_run(*state, 1, "p1", "done") == 102);
	/* While somebody else is writing it is refused in words. */
	assert_int_equal(sqlite3_open(scratch_path("a.db"), &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_false(care_vacuum(*state, NULL, &before, &after, &st));
	assert_non_null(strstr(st.message, "another program"));
	sqlite3_close(other);
}

static void
only_what_was_meant_is_pruned(void **state)
{
	struct prune by_session = {.session = 2}, dry = {.status = "failed", .dry_run = true}, old = {.before = "2020-01-01"},
		     tensors = {.status = "done", .tensors_only = true};
	struct status st = {0};

	record_run(*state, 1, "p1", "done");
	record_run(*state, 2, "p2", "failed");
	record_run(*state, 2, "p3", NULL);
	assert_true(care_prune(*state, 1, &dry, &st) && dry.runs == 1 && dry.plans == 1);
	assert_true(ask_number(*state, "SELECT count(*) FROM runs") == 3);
	assert_true(care_prune(*state, 1, &old, &st) && old.runs == 0);
	assert_true(care_prune(*state, 1, &tensors, &st) && tensors.tensors == 1 && tensors.runs == 0);
	/* The one that is still running stays. */
	assert_true(care_prune(*state, 1, &by_session, &st) && by_session.runs == 1);
	assert_string_equal(ask_text(*state, "SELECT group_concat(id || status) FROM runs"), "1done,3running");
	assert_string_equal(ask_text(*state, "SELECT group_concat(hash) FROM plans"), "p1,p3");
	assert_true(ask_number(*state, "SELECT count(*) FROM site_steps") == 80);
}

static void
plans_with_a_use_are_kept(void **state)
{
	struct prune all = {.before = "9999"};
	struct status st = {0};

	record_run(*state, 1, "named", "done");
	record_run(*state, 1, "resumed", "done");
	record_run(*state, 1, "unused", "done");
	assert_true(store_plan_name(*state, "mine", "named", false, &st));
	assert_true(store_session_state(*state, 1, "{\"plan\":\"resumed\"}", &st));
	assert_true(care_prune(*state, 1, &all, &st) && all.runs == 3 && all.plans == 1);
	assert_string_equal(ask_text(*state, "SELECT group_concat(hash) FROM plans"), "named,resumed");
	assert_string_equal(ask_text(*state, "SELECT group_concat(name) FROM sessions"), "a,s2");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(a_whole_notebook_is_found_whole), TEST(what_is_wrong_is_named), TEST(a_damaged_page_is_found),
	    TEST(a_backup_is_a_notebook),          TEST(vacuum_gives_room_back), TEST(only_what_was_meant_is_pruned),
	    TEST(plans_with_a_use_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
