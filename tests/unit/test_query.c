/* Questions: what may be asked, what is refused, and how one is stopped. */
#include "db/query.h"

#include "tests/support/ask.h"
#include "tests/support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Every test runs on a file and in memory: the connections differ. */
static struct store *
open_filled(const char *path)
{
	struct status st = {0};
	struct store *store = store_open(path, &st);
	int64_t run;

	if (!store)
		fail_msg("%s", st.message);
	assert_true(store_model(store, &(struct record_model){"m1", "digits-vit", "vit", "/m", 5}, &st));
	run = store_run_begin(store, &(struct record_run){.kind = "ann", .model_hash = "m1", .version = "0.1.0", .threads = 1},
			      &st);
	assert_true(store_metric(store, run, 1, "accuracy", 0.5, &st));
	assert_true(store_run_end(store, run, &(struct record_end){.status = "done"}, &st));
	run = store_run_begin(store, &(struct record_run){.kind = "step", .model_hash = "m1", .version = "0.1.0", .threads = 1},
			      &st);
	assert_true(run == 2);
	return store;
}

static int
set_up(void **state)
{
	scratch_make();
	*state = open_filled(scratch_path("a.db"));
	return 0;
}

static int
set_up_memory(void **state)
{
	*state = open_filled(":memory:");
	return 0;
}

static int
tear_down(void **state)
{
	store_close(*state);
	scratch_remove();
	return 0;
}

struct table {
	char text[2048];
	int rows, stop_after;
};

static bool
add_columns(void *ctx, int count, const char *const *names)
{
	struct table *t = ctx;

	for (int i = 0; i < count; i++)
		snprintf(t->text + strlen(t->text), sizeof(t->text) - strlen(t->text), "%s%s", names[i],
			 i + 1 < count ? "," : ":");
	return true;
}

static bool
add_row(void *ctx, int count, const struct query_value *v)
{
	struct table *t = ctx;

	for (int i = 0; i < count; i++) {
		char *end = t->text + strlen(t->text);
		size_t room = sizeof(t->text) - strlen(t->text);

		if (v[i].type == QUERY_INTEGER)
			snprintf(end, room, " i%lld", (long long)v[i].integer);
		else if (v[i].type == QUERY_REAL)
			snprintf(end, room, " r%g", v[i].real);
		else if (v[i].type == QUERY_TEXT)
			snprintf(end, room, " t%zu%s", v[i].size, v[i].text);
		else if (v[i].type == QUERY_BLOB)
			snprintf(end, room, " b%zu", v[i].size);
		else
			snprintf(end, room, " null");
	}
	return ++t->rows != t->stop_after;
}

static bool
run(struct store *store, struct query *query, struct table *table, struct status *st)
{
	return query_run(store, query, &(struct query_output){add_columns, add_row, table}, st);
}

static void
values_keep_their_types(void **state)
{
	struct query query = {.sql = "SELECT 1 AS a, 2.5 AS b, 'x' AS c, x'0102' AS d, NULL AS e, '' AS f; -- done\n ;"};
	struct table table = {0};
	struct status st = {0};

	assert_true(run(*state, &query, &table, &st));
	assert_string_equal(table.text, "a,b,c,d,e,f: i1 r2.5 t1x b2 null t0");
	query.sql = "SELECT kind FROM runs WHERE 0";
	memset(&table, 0, sizeof(table));
	assert_true(run(*state, &query, &table, &st));
	assert_string_equal(table.text, "kind:");
}

static void
parameters_are_bound(void **state)
{
	const struct query_value params[] = {
	    {.type = QUERY_INTEGER, .integer = 7}, {.type = QUERY_TEXT, .text = "' OR 1"}, {.type = QUERY_REAL, .real = 0.5}};
	struct query query = {.sql = "SELECT ?1, ?2, ?3, ?4", .params = params, .param_count = 3};
	struct table table = {0};
	struct status st = {0};

	assert_true(run(*state, &query, &table, &st));
	assert_non_null(strstr(table.text, ": i7 t6' OR 1 r0.5 null"));
	query.sql = "SELECT 1";
	assert_true(run(*state, &query, &table, &st));
}

static void
an_output_may_stop_early(void **state)
{
	struct query query = {.sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"};
	struct table table = {.stop_after = 3};
	struct status st = {0};

	assert_true(run(*state, &query, &table, &st));
	assert_string_equal(table.text, "i: i1 i2 i3");
}

static void
writes_are_refused(void **state)
{
	static const struct {
		const char *sql, *says;
	} bad[] = {
	    {"INSERT INTO sessions(name) VALUES ('x')", "INSERT INTO sessions is refused"},
	    {"INSERT INTO sessions(name) VALUES ('x') RETURNING id", "INSERT INTO sessions is refused"},
	    {"WITH x AS (SELECT 1) INSERT INTO sessions(name) SELECT 'x' FROM x", "INSERT INTO sessions is refused"},
	    {"REPLACE INTO sessions(name) VALUES ('x')", "INSERT INTO sessions is refused"},
	    {"UPDATE runs SET status = 'failed'", "UPDATE runs is refused"},
	    {"DELETE FROM runs", "DELETE FROM runs is refused"},
	    {"DELETE FROM runs RETURNING id", "DELETE FROM runs is refused"},
	    {"EXPLAIN DELETE FROM runs", "DELETE FROM runs is refused"},
	    {"DROP TABLE runs", "a change of the schema is refused"},
	    {"DROP VIEW v_runs", "a change of the schema is refused"},
	    {"CREATE TABLE x(a)", "a change of the schema is refused"},
	    {"CREATE TEMP TABLE x(a)", "a change of the schema is refused"},
	    {"CREATE VIEW x AS SELECT 1", "a change of the schema is refused"},
	    {"CREATE INDEX x ON runs(kind)", "a change of the schema is refused"},
	    {"CREATE VIRTUAL TABLE x USING fts5(a)", "a change of the schema is refused"},
	    {"CREATE TRIGGER x AFTER INSERT ON runs BEGIN SELECT 1; END", "a change of the schema is refused"},
	    {"UPDATE sqlite_master SET sql = ''", "may not be modified"},
	    {"ALTER TABLE runs ADD COLUMN x", " is refused"},
	    {"ATTACH 'other.db' AS o", "ATTACH other.db is refused"},
	    {"DETACH main", "DETACH main is refused"},
	    {"PRAGMA journal_mode", "PRAGMA journal_mode is refused"},
	    {"PRAGMA query_only = OFF", "PRAGMA query_only is refused"},
	    {"PRAGMA writable_schema = ON", "PRAGMA writable_schema is refused"},
	    {"SELECT * FROM pragma_user_version", " is refused"},
	    {"SELECT count(*) FROM pragma_database_list", " is refused"},
	    {"SELECT * FROM dbstat", " is refused"},
	    {"SELECT printf('%.*c', 2000000000, 'x')", "the function printf() is refused"},
	    {"SELECT Format('%2000000000d', 1)", "is refused"},
	    {"BEGIN IMMEDIATE", "BEGIN is refused"},
	    {"COMMIT", "COMMIT is refused"},
	    {"SAVEPOINT x", "SAVEPOINT is refused"},
	    {"VACUUM", "this statement is refused"},
	    {"VACUUM INTO 'copy.db'", "this statement is refused"},
	    {"ANALYZE", " is refused"},
	    {"REINDEX", "REINDEX is refused"},
	    {"SELECT load_extension('x.so')", "the function load_extension() is refused"},
	    {"SELECT Load_Extension('x.so', 'y')", "is refused"},
	    {"SELECT fts3_tokenizer('simple')", "is refused"},
	    {"SELECT 1; DELETE FROM runs", "more than one statement"},
	    {"SELECT 1; SELECT 2", "more than one statement"},
	    {"SELECT 1;; /* x */ ; SELECT 2", "more than one statement"},
	    {"SELECT 1; nonsense", "more than one statement"},
	    {"", "there is no question"},
	    {" -- nothing", "there is no question"},
	    {";", "there is no question"},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct query query = {.sql = bad[i].sql};
		struct table table = {0};
		struct status st = {0};

		assert_false(run(*state, &query, &table, &st));
		if (!strstr(st.message, bad[i].says))
			fail_msg("%s: says '%s', not '%s'", bad[i].sql, st.message, bad[i].says);
		assert_int_equal(st.code, STATUS_USAGE);
		assert_string_equal(table.text, "");
	}
	assert_true(ask_number(*state, "SELECT count(*) FROM runs") == 2);
	assert_true(ask_number(*state, "SELECT count(*) FROM sessions") == 0);
}

static void
the_schema_may_be_asked_for(void **state)
{
	assert_true(ask_number(*state, "SELECT count(*) FROM pragma_table_info('runs') WHERE name = 'kind'") == 1);
	assert_true(ask_number(*state, "SELECT count(*) > 5 FROM pragma_table_list") == 1);
}

static void
the_store_still_writes_after_a_question(void **state)
{
	struct status st = {0};

	assert_true(ask_number(*state, "SELECT count(*) FROM sessions") == 0);
	assert_true(store_session_new(*state, "new", &st) > 0);
	assert_true(ask_number(*state, "SELECT count(*) FROM sessions") == 1);
}

static void
an_error_says_where(void **state)
{
	static const struct {
		const char *sql;
		int offset, character;
	} bad[] = {{"SELECT * FORM runs", 9, 10}, {"SELECT nothing FROM runs", 7, 8}, {"SELECT 'äöü', kindd FROM runs", 17, 15}};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct query query = {.sql = bad[i].sql};
		struct table table = {0};
		struct status st = {0};
		char says[32];

		snprintf(says, sizeof(says), "(at character %d)", bad[i].character);
		assert_false(run(*state, &query, &table, &st));
		assert_int_equal(st.code, STATUS_USAGE);
		assert_int_equal(query.error_offset, bad[i].offset);
		assert_non_null(strstr(st.message, says));
	}
}

static const char ENDLESS[] = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

static void
an_endless_question_runs_out_of_time(void **state)
{
	struct query query = {.sql = ENDLESS, .timeout_seconds = 0.05};
	struct table table = {0};
	struct status st = {0};

	assert_false(run(*state, &query, &table, &st));
	assert_int_equal(st.code, STATUS_FAILED);
	assert_non_null(strstr(st.message, "0.05 s"));
	assert_true(ask_number(*state, "SELECT 5") == 5);
}

static bool
count_down(void *ctx)
{
	int *left = ctx;

	return --*left <= 0;
}

static void
an_endless_question_is_cancelled(void **state)
{
	int left = 100;
	struct query query = {.sql = ENDLESS, .timeout_seconds = 600, .cancelled = count_down, .cancel_ctx = &left};
	struct table table = {0};
	struct status st = {0};

	assert_false(run(*state, &query, &table, &st));
	assert_int_equal(st.code, STATUS_CANCELLED);
	assert_int_equal(left, 0);
	assert_true(ask_number(*state, "SELECT 5") == 5);
}

static void
a_costly_value_is_refused(void **state)
{
	struct query query = {.sql = "SELECT zeroblob(1000000000)"};
	struct table table = {0};
	struct status st = {0};

	assert_false(run(*state, &query, &table, &st));
	assert_int_equal(st.code, STATUS_USAGE);
	assert_non_null(strstr(st.message, "too big"));
}

static void
the_answer_holds_what_was_just_recorded(void **state)
{
	struct status st = {0};

	assert_true(store_metric(*state, 2, 1, "x", 5, &st));
	assert_true(ask_number(*state, "SELECT value FROM run_metrics WHERE name = 'x'") == 5);
}

static void
named_questions_work(void **state)
{
	const struct query_value none[] = {{0}}, kind[] = {{0}, {.type = QUERY_TEXT, .text = "ann"}},
				 one[] = {{.type = QUERY_INTEGER, .integer = 1}};
	struct status st = {0};
	struct table table = {0};
	struct query query = {.sql = query_named("runs")->sql, .params = none, .param_count = 1};

	assert_null(query_named("none"));
	assert_true(run(*state, &query, &table, &st));
	assert_int_equal(table.rows, 2);
	query.params = kind, query.param_count = 2;
	assert_true(run(*state, &query, &table, &st));
	assert_int_equal(table.rows, 3);
	for (const struct query_info *q = query_table; q->name; q++) {
		query = (struct query){.sql = q->sql, .params = one, .param_count = 1};
		if (!run(*state, &query, &table, &st))
			fail_msg("%s: %s", q->name, st.message);
	}
}

struct names {
	int tables, columns;
	bool runs_seed, view;
};

static bool
count_name(void *ctx, const char *table, const char *column)
{
	struct names *n = ctx;

	n->tables += column == NULL;
	n->columns += column != NULL;
	n->runs_seed |= column && strcmp(table, "runs") == 0 && strcmp(column, "seed") == 0;
	n->view |= column && strcmp(table, "v_layer_error") == 0 && strcmp(column, "site") == 0;
	assert_true(strncmp(table, "sqlite_", 7) != 0);
	return true;
}

static void
names_can_be_completed(void **state)
{
	struct names names = {0};
	struct status st = {0};

	assert_true(query_names(*state, count_name, &names, &st));
	assert_true(names.tables >= 16 && names.columns > 100 && names.runs_seed && names.view);
}

#define ON_BOTH(test)                                                                                                            \
	cmocka_unit_test_setup_teardown(test, set_up, tear_down), cmocka_unit_test_setup_teardown(test, set_up_memory, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_BOTH(values_keep_their_types),
	    ON_BOTH(parameters_are_bound),
	    ON_BOTH(an_output_may_stop_early),
	    ON_BOTH(writes_are_refused),
	    ON_BOTH(the_schema_may_be_asked_for),
	    ON_BOTH(the_store_still_writes_after_a_question),
	    ON_BOTH(an_error_says_where),
	    ON_BOTH(an_endless_question_runs_out_of_time),
	    ON_BOTH(an_endless_question_is_cancelled),
	    ON_BOTH(a_costly_value_is_refused),
	    ON_BOTH(the_answer_holds_what_was_just_recorded),
	    ON_BOTH(named_questions_work),
	    ON_BOTH(names_can_be_completed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
