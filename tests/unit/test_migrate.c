/* Notebooks of every earlier version, brought up to date without loss. */
#include "db/store.h"
#include "db/store_internal.h"

#include "tests/support/ask.h"
#include "tests/support/files.h"
#include "tests/support/scratch.h"

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

static char *
read_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *text = NULL;
	long size;

	if (!f)
		fail_msg("%s is missing: every version but the last has a notebook here (sqlite3 FILE .dump)", path);
	fseek(f, 0, SEEK_END);
	size = ftell(f);
	rewind(f);
	text = malloc((size_t)size + 1);
	assert_true(text && fread(text, 1, (size_t)size, f) == (size_t)size);
	text[size] = '\0';
	fclose(f);
	return text;
}

/* The notebook of this version as scratch_path("old.db"). */
static const char *
make_old(int version)
{
	const char *path = scratch_path("old.db");
	char name[80], *sql, *message = NULL;
	sqlite3 *db;

	snprintf(name, sizeof(name), "tests/fixtures/notebooks/version_%d.sql", version);
	sql = read_file(name);
	unlink(path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s: %s", name, message);
	sqlite3_close(db);
	free(sql);
	return path;
}

static const char everything[] =
    "SELECT (SELECT count(*) FROM models) || ' ' || (SELECT count(*) FROM datasets) || ' ' || (SELECT count(*) FROM ugos) || ' ' "
    "|| "
    "(SELECT count(*) FROM plans) || ' ' || (SELECT group_concat(name || note) FROM sessions) || ' ' || (SELECT "
    "group_concat(line) "
    "FROM commands) || ' ' || (SELECT group_concat(kind || status || seed) FROM runs) || ' ' || (SELECT total(value) FROM "
    "run_metrics WHERE name <> 'seconds') || ' ' || (SELECT count(*) || total(snn) FROM predictions) || ' ' || (SELECT count(*) "
    "|| "
    "total(value) FROM site_metrics)";

static void
read_everything(const char *path, char *out, size_t size)
{
	sqlite3_stmt *s;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, everything, -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	snprintf(out, size, "%s", (const char *)sqlite3_column_text(s, 0));
	sqlite3_finalize(s);
	sqlite3_close(db);
}

static const char schema[] =
    "SELECT group_concat(type || name || sql, char(10)) FROM (SELECT * FROM sqlite_schema WHERE sql IS NOT NULL "
    "ORDER BY type, name)";

static void
every_earlier_version_is_brought_up_to_date(void **state)
{
	static char new_schema[1 << 16];
	struct status st = {0};
	struct store *fresh = store_open(scratch_path("new.db"), &st);
	int last = migrate_last(migration_table);

	(void)state;
	assert_non_null(fresh);
	snprintf(new_schema, sizeof(new_schema), "%s", ask_text(fresh, schema));
	for (int version = 1; version < last; version++) {
		const char *path = make_old(version);
		char before[4096], after[4096];
		struct store *store;

		read_everything(path, before, sizeof(before));
		assert_true(strlen(before) > 200);
		if (!(store = store_open(path, &st)))
			fail_msg("version %d: %s", version, st.message);
		assert_string_equal(ask_text(store, schema), new_schema);
		assert_true(ask_number(store, "SELECT count(*) FROM v_runs WHERE model = 'digits-vit'") == 5);
		assert_true(ask_number(store, "SELECT count(*) FROM v_layer_error") >= 4);
		assert_true(ask_number(store, "SELECT count(*) FROM v_accuracy_vs_t WHERE accuracy = 1") == 2);
		assert_true(ask_number(store, "SELECT sum(pictures) FROM v_confusion WHERE network = 'snn' AND t = 8") == 10);
		assert_true(ask_number(store, "SELECT count(DISTINCT uid) FROM runs") == 5);
		store_close(store);
		read_everything(path, after, sizeof(after));
		assert_string_equal(before, after);
	}
	store_close(fresh);
}

/* What two people have made of one old file is the same to both. */
static void
runs_of_an_old_file_have_one_name(void **state)
{
	struct status st = {0};
	struct store *store;
	char first[400];

	(void)state;
	store = store_open(make_old(2), &st);
	snprintf(first, sizeof(first), "%s", ask_text(store, "SELECT group_concat(uid) FROM runs"));
	store_close(store);
	store = store_open(make_old(2), &st);
	assert_string_equal(ask_text(store, "SELECT group_concat(uid) FROM runs"), first);
	store_close(store);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(every_earlier_version_is_brought_up_to_date, files_setup, files_teardown),
	    cmocka_unit_test_setup_teardown(runs_of_an_old_file_have_one_name, files_setup, files_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
