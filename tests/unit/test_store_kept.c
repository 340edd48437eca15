/* What the store packs: steps of sites and tensors; and what sessions leave behind. */
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

static int
set_up(void **state)
{
	scratch_make();
	*state = open_ok(scratch_path("a.db"));
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
execute(const char *path, const char *sql)
{
	char *message = NULL;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s: %s", sql, message);
	sqlite3_close(db);
}

static int64_t
begin_run(struct store *store)
{
	struct status st = {0};
	int64_t run =
	    store_run_begin(store, &(struct record_run){.kind = "step", .version = "0", .threads = 1, .state = "{}"}, &st);

	if (!run)
		fail_msg("%s", st.message);
	return run;
}

static const char *const names[] = {"patch_embed", "blocks.0.attn", "head"};
enum { SITES = 3 };

/* Every number says where it belongs. */
static void
record_step(struct store *store, int64_t run, int list, int t)
{
	struct record_site site[SITES];
	struct status st = {0};

	for (int i = 0; i < SITES; i++) {
		float base = (float)(run * 1000 + t * 10 + i);

		site[i] = (struct record_site){base + 0.125f, base + 0.25f, NAN, base + 0.5f, base, 2 * base, i == 2 ? NAN : 0};
	}
	if (!store_site_step(store, run, t, list, site, SITES, &st))
		fail_msg("%s", st.message);
}

static void
packed_steps_come_back(void **state)
{
	struct status st = {0};
	int list = store_site_list(*state, names, SITES, &st);
	int64_t one = begin_run(*state), two = begin_run(*state);

	assert_true(list >= 0 && store_site_list(*state, names, SITES, &st) == list);
	for (int t = 1; t <= 4; t++)
		record_step(*state, one, list, t);
	assert_true(store_flush(*state, &st));
	/* Another span of the same run, and one that begins later. */
	record_step(*state, one, list, 5);
	record_step(*state, two, list, 7);
	assert_true(ask_number(*state, "SELECT count(*) FROM site_steps") == 6 * SITES);
	assert_true(ask_number(*state, "SELECT count(*) FROM step_spans") == 3);
	assert_true(ask_number(*state,
			       "SELECT count(*) FROM site_steps WHERE rmse = run * 1000 + t * 10 + 0.125 + (site = 'head') * 2 "
			       "+ (site = 'blocks.0.attn') AND relative = rmse + 0.125 AND cosine IS NULL AND rate = rmse + "
			       "0.375 AND spikes = 2 * events AND (alarms IS NULL) = (site = 'head')") == 6 * SITES);
	assert_string_equal(ask_text(*state, "SELECT group_concat(t || site) FROM site_steps WHERE run = 1 AND t = 3"),
			    "3patch_embed,3blocks.0.attn,3head");
	assert_string_equal(
	    ask_text(*state, "SELECT group_concat(run || ':' || t || site) FROM v_layer_error WHERE site = 'head'"),
	    "1:5head,2:7head");
	assert_true(ask_number(*state, "SELECT count(*) FROM site_steps WHERE t = 2.5 OR t = 'x' OR t IS NULL") == 0);
	assert_true(ask_number(*state, "SELECT count(*) FROM site_steps WHERE last = 1 AND t = 4") == 0);
	assert_true(ask_number(*state, "SELECT count(*) FROM site_steps WHERE last = 0") == 0);
	assert_true(ask_number(*state, "SELECT count(*) FROM site_steps WHERE run IN (SELECT id FROM runs) AND t > 4") ==
		    2 * SITES);
}

/* What was written leaves room for what comes, which may be larger. */
static void
lists_of_any_length_follow_each_other(void **state)
{
	struct status st = {0};
	char(*name)[16] = calloc(600, sizeof(*name));
	const char **many = calloc(600, sizeof(*many));
	struct record_site *site = calloc(600, sizeof(*site));
	int64_t run = begin_run(*state);

	for (int i = 0; i < 600; i++) {
		snprintf(name[i], sizeof(name[i]), "site.%d", i);
		many[i] = name[i];
		site[i].rmse = (float)i;
	}
	for (int t = 1, count = 1; count <= 600; t++, count = count * 3 + 1) {
		assert_true(store_site_step(*state, run, t, store_site_list(*state, many, count, &st), site, count, &st));
		if (t % 2)
			assert_true(store_flush(*state, &st));
	}
	assert_true(ask_number(*state, "SELECT count(*) FROM site_steps WHERE rmse = substr(site, 6)") ==
		    1 + 4 + 13 + 40 + 121 + 364);
	free(site);
	free(many);
	free(name);
}

static void
both_kinds_of_measurements_show(void **state)
{
	struct status st = {0};
	int list = store_site_list(*state, names, SITES, &st);
	int64_t run = begin_run(*state);

	record_step(*state, run, list, 1);
	assert_true(store_site_metric(*state, run, "head", 1, "reach", 0.5, &st));
	assert_true(ask_number(*state, "SELECT count(*) FROM v_site_metrics") == SITES * 6 - 1 + 1);
	assert_string_equal(ask_text(*state, "SELECT group_concat(name) FROM v_site_metrics WHERE site = 'head'"),
			    "rmse,relative,rate,events,spikes,reach");
}

static void
steps_go_with_their_run(void **state)
{
	struct status st = {0};
	int list = store_site_list(*state, names, SITES, &st);
	int64_t run = begin_run(*state);

	record_step(*state, run, list, 1);
	assert_true(store_flush(*state, &st));
	execute(scratch_path("a.db"), "PRAGMA foreign_keys = ON; DELETE FROM runs");
	assert_true(ask_number(*state, "SELECT count(*) FROM site_steps") == 0);
	/* The deleted run does not hold up others. */
	record_step(*state, run, list, 2);
	assert_true(store_metric(*state, begin_run(*state), 1, "x", 5, &st));
	assert_false(store_flush(*state, &st));
	assert_non_null(strstr(st.message, "was it deleted"));
	assert_true(ask_number(*state, "SELECT value FROM run_metrics") == 5);
}

static bool
ignore_row(void *ctx, int count, const struct query_value *values)
{
	(void)ctx;
	(void)count;
	(void)values;
	return true;
}

static void
damaged_spans_are_refused(void **state)
{
	static const char *const damage[] = {"first_t = 9223372036854775807",
					     "first_t = -9223372036854775807",
					     "first_t = -1",
					     "steps = 1000000000",
					     "steps = 0",
					     "steps = -1",
					     "steps = 9223372036854775807",
					     "data = x''",
					     "data = x'00'",
					     "data = zeroblob(85)",
					     "data = substr(data, 1, 83)",
					     "site_list_id = 99"};
	struct status st = {0};
	int list = store_site_list(*state, names, SITES, &st);

	record_step(*state, begin_run(*state), list, 1);
	assert_true(store_flush(*state, &st));
	for (size_t i = 0; i < sizeof(damage) / sizeof(damage[0]); i++) {
		struct query query = {.sql = "SELECT * FROM v_layer_error"};
		char sql[128];

		snprintf(sql, sizeof(sql), "UPDATE step_spans SET %s", damage[i]);
		execute(scratch_path("a.db"), "DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT * FROM step_spans");
		execute(scratch_path("a.db"), sql);
		assert_false(query_run(*state, &query, &(struct query_output){.row = ignore_row}, &st));
		assert_int_equal(st.code, STATUS_DATA);
		if (!strstr(st.message, "packed measurements of run 1 are damaged"))
			fail_msg("%s: says '%s'", damage[i], st.message);
		status_clear(&st);
		execute(scratch_path("a.db"), "DELETE FROM step_spans; INSERT INTO step_spans SELECT * FROM kept");
	}
	assert_true(ask_number(*state, "SELECT count(*) FROM v_layer_error") == SITES);
}

/* --- tensors -------------------------------------------------------------- */

struct gathered {
	int count, dims, dim[8], t[8];
	float data[64];
};

static bool
gather(void *ctx, const struct record_tensor *t)
{
	struct gathered *g = ctx;
	size_t n = 1;

	for (int i = 0; i < t->dims; i++)
		n *= (size_t)t->dim[i];
	assert_true(g->count < 8 && n <= 64);
	g->t[g->count++] = t->t;
	g->dims = t->dims;
	memcpy(g->dim, t->dim, (size_t)t->dims * sizeof(int));
	memcpy(g->data, t->data, n * sizeof(float));
	return true;
}

static void
keep(struct store *store, int64_t run, const char *site, int t, const float *data, int rows, int columns)
{
	struct status st = {0};
	const int dim[] = {rows, columns};

	if (!store_tensor(store, &(struct record_tensor){run, site, "count", t, 2, dim, data}, &st))
		fail_msg("%s", st.message);
}

static void
tensors_come_back_to_the_bit(void **state)
{
	static const float whole[] = {0, 1, -128, 127, 5, -1}, fine[] = {0.1f, -0.0f, 1e30f, 3, 128, NAN};
	struct gathered g = {0};
	struct status st = {0};
	int64_t run = begin_run(*state);

	keep(*state, run, "blocks.0.attn.qk", 2, whole, 2, 3);
	keep(*state, run, "blocks.1.attn.qk", 1, fine, 3, 2);
	keep(*state, run, "blocks.0.attn.qk", 1, whole, 2, 3);
	assert_string_equal(ask_text(*state, "SELECT group_concat(dtype || shape) FROM (SELECT * FROM tensors ORDER BY site, t)"),
			    "I8[2,3],I8[2,3],F32[3,2]");
	assert_true(store_tensor_list(*state, run, "blocks.0.*", "count", gather, &g, &st));
	assert_int_equal(g.count, 2);
	assert_true(g.t[0] == 1 && g.t[1] == 2 && g.dims == 2 && g.dim[0] == 2 && g.dim[1] == 3);
	assert_memory_equal(g.data, whole, sizeof(whole));
	g.count = 0;
	assert_true(store_tensor_list(*state, run, "blocks.1.*", "count", gather, &g, &st));
	assert_int_equal(g.count, 1);
	assert_memory_equal(g.data, fine, sizeof(fine));
	g.count = 0;
	assert_true(store_tensor_list(*state, run, "*", "value", gather, &g, &st) && g.count == 0);
	assert_true(store_tensor_list(*state, run + 1, "*", "count", gather, &g, &st) && g.count == 0);
}

static void
a_minus_zero_is_not_a_zero(void **state)
{
	static const float zero[] = {-0.0f};
	struct gathered g = {0};
	struct status st = {0};

	keep(*state, begin_run(*state), "head", 1, zero, 1, 1);
	assert_true(store_tensor_list(*state, 1, "head", "count", gather, &g, &st));
	assert_true(signbit(g.data[0]));
}

static void
tensors_that_lie_are_refused(void **state)
{
	static const char *const lie[] = {"shape = '[2,4]'",
					  "shape = '[2]'",
					  "shape = '[]'",
					  "shape = '[2,3'",
					  "shape = '2,3'",
					  "shape = ''",
					  "shape = '[2,3]x'",
					  "shape = '[-2,-3]'",
					  "shape = '[2,,3]'",
					  "shape = '[4294967296,1]'",
					  "shape = '[100000,100000]'",
					  "shape = '[1,1,1,1,1,1,1,1,6]'",
					  "dtype = 'F32'",
					  "data = x''",
					  "data = x'789c03000000'",
					  "data = randomblob(50)"};
	static const float whole[] = {0, 1, 2, 3, 4, 5};

	keep(*state, begin_run(*state), "head", 1, whole, 2, 3);
	for (size_t i = 0; i < sizeof(lie) / sizeof(lie[0]); i++) {
		struct gathered g = {0};
		struct status st = {0};
		char sql[128];

		snprintf(sql, sizeof(sql), "UPDATE tensors SET %s", lie[i]);
		execute(scratch_path("a.db"), "DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT * FROM tensors");
		execute(scratch_path("a.db"), sql);
		if (store_tensor_list(*state, 1, "*", "count", gather, &g, &st))
			fail_msg("%s was believed", lie[i]);
		assert_int_equal(st.code, STATUS_DATA);
		assert_non_null(strstr(st.message, "damaged"));
		execute(scratch_path("a.db"), "DELETE FROM tensors; INSERT INTO tensors SELECT * FROM kept");
	}
}

/* --- states and questions ------------------------------------------------- */

static void
states_are_undone_one_by_one(void **state)
{
	struct status st = {0};
	int64_t a = store_session_new(*state, "a", &st), b = store_session_new(*state, "b", &st), command;
	bool undone;
	char *text;

	assert_null(store_session_state_last(*state, a, &st));
	assert_int_equal(st.code, STATUS_OK);
	assert_true(store_session_undo(*state, a, &undone, &st) && !undone);
	assert_int_equal(store_session_latest(*state, a, &st), 0);
	assert_int_equal(st.code, STATUS_USAGE);
	status_clear(&st);
	assert_true(store_session_state(*state, a, "{\"t\":0}", &st) && store_session_state(*state, b, "{\"t\":9}", &st));
	command = store_command_begin(*state, a, "step", &st);
	assert_true(store_command_end(*state, command, &(struct record_end){.status = "done", .state = "{\"t\":1}"}, &st));
	assert_true(store_session_latest(*state, b, &st) == a && store_session_latest(*state, a, &st) == b);
	text = store_session_state_last(*state, a, &st);
	assert_string_equal(text, "{\"t\":1}");
	free(text);
	assert_true(store_session_undo(*state, a, &undone, &st) && undone);
	text = store_session_state_last(*state, a, &st);
	assert_string_equal(text, "{\"t\":0}");
	free(text);
	assert_true(store_session_undo(*state, a, &undone, &st) && !undone);
	assert_true(ask_number(*state, "SELECT count(*) FROM session_states") == 2);
}

static bool
join(void *ctx, const char *line)
{
	strncat(ctx, line, 60);
	strncat(ctx, ";", 2);
	return strcmp(line, "second") != 0;
}

static void
lines_of_a_session_come_in_order(void **state)
{
	struct status st = {0};
	int64_t a = store_session_new(*state, "a", &st), b = store_session_new(*state, "b", &st);
	char lines[200] = "";

	assert_true(store_command_begin(*state, a, "first", &st) && store_command_begin(*state, b, "other", &st) &&
		    store_command_begin(*state, a, "second", &st) && store_command_begin(*state, a, "third", &st));
	assert_true(store_session_lines(*state, a, join, lines, &st));
	assert_string_equal(lines, "first;second;");
}

static void
questions_have_names(void **state)
{
	struct status st = {0};
	char *sql;

	assert_null(store_question(*state, "best", &st));
	assert_int_equal(st.code, STATUS_OK);
	assert_true(store_question_save(*state, "best", "SELECT 1", &st) && store_question_save(*state, "best", "SELECT 2", &st));
	sql = store_question(*state, "best", &st);
	assert_string_equal(sql, "SELECT 2");
	free(sql);
	assert_true(store_question_drop(*state, "best", &st));
	assert_false(store_question_drop(*state, "best", &st));
	assert_int_equal(st.code, STATUS_USAGE);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(packed_steps_come_back),
	    TEST(lists_of_any_length_follow_each_other),
	    TEST(both_kinds_of_measurements_show),
	    TEST(steps_go_with_their_run),
	    TEST(damaged_spans_are_refused),
	    TEST(tensors_come_back_to_the_bit),
	    TEST(a_minus_zero_is_not_a_zero),
	    TEST(tensors_that_lie_are_refused),
	    TEST(states_are_undone_one_by_one),
	    TEST(lines_of_a_session_come_in_order),
	    TEST(questions_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
