/* Files that are not ours, not whole or not writable; disks that are full. */
#include "db/store.h"
#include "db/store_internal.h"

#include "base/rng.h"
#include "tests/support/ask.h"
#include "tests/support/files.h"
#include "tests/support/scratch.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

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

static size_t
slurp(const char *path, unsigned char *out, size_t size)
{
	FILE *f = fopen(path, "rb");
	size_t n;

	assert_non_null(f);
	n = fread(out, 1, size, f);
	fclose(f);
	return n;
}

/* Opening must fail, name the file and say what to do. */
static void
assert_refused(const char *path, const char *says)
{
	struct status st = {0};
	struct store *store = store_open(path, &st);

	if (store)
		fail_msg("%s was opened", path);
	assert_int_equal(st.code, STATUS_DATA);
	if (!strstr(st.message, says) || !strstr(st.message, "--db"))
		fail_msg("%s: says '%s', not '%s'", path, st.message, says);
}

static void
assert_refused_untouched(const char *path, const char *says)
{
	static unsigned char before[1 << 16], after[1 << 16];
	size_t n = slurp(path, before, sizeof(before));

	assert_refused(path, says);
	assert_int_equal(slurp(path, after, sizeof(after)), n);
	assert_memory_equal(before, after, n);
}

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
a_text_file_is_refused(void **state)
{
	static char text[5000];

	(void)state;
	memset(text, 'x', sizeof(text));
	scratch_write("notes.txt", text, sizeof(text));
	assert_refused_untouched(scratch_path("notes.txt"), "not a database");
	scratch_write("short.txt", "hello\n", 6);
	assert_refused_untouched(scratch_path("short.txt"), "not a database");
}

static void
another_database_is_refused(void **state)
{
	(void)state;
	execute(scratch_path("other.db"), "CREATE TABLE bookmarks(url)");
	assert_refused_untouched(scratch_path("other.db"), "another application");
	execute(scratch_path("named.db"), "PRAGMA application_id = 252006674");
	assert_refused_untouched(scratch_path("named.db"), "application id 252006674");
	execute(scratch_path("versioned.db"), "PRAGMA user_version = 1");
	assert_refused_untouched(scratch_path("versioned.db"), "another application");
}

static void
a_newer_version_is_refused(void **state)
{
	const char *path = scratch_path("new.db");

	(void)state;
	store_close(open_ok(path));
	execute(path, "PRAGMA user_version = 70; PRAGMA journal_mode = DELETE");
	assert_refused_untouched(path, "version 70, this program knows up to");
	assert_refused_untouched(path, "upgrade");
	execute(path, "PRAGMA user_version = -3");
	assert_refused_untouched(path, "-3");
}

static void
places_without_a_file_are_refused(void **state)
{
	(void)state;
	assert_refused(scratch_folder(), "a folder");
	assert_refused(scratch_path("missing/a.db"), "there is no folder");
	scratch_write("file", "x", 1);
	assert_refused(scratch_path("file/a.db"), "Not a directory");
	assert_refused("/proc/spikescope.db", "cannot open it");
	assert_refused("/dev/null", "not a plain file");
	assert_refused("", "empty");
	setenv("XDG_DATA_HOME", scratch_path("file"), 1);
	assert_refused(NULL, "cannot make this folder");
	setenv("XDG_DATA_HOME", "/proc/none", 1);
	assert_refused(NULL, "cannot make this folder");
	unsetenv("XDG_DATA_HOME");
}

static void
an_empty_file_is_taken(void **state)
{
	(void)state;
	scratch_write("empty.db", "", 0);
	store_close(open_ok(scratch_path("empty.db")));
}

static void
an_odd_name_is_shown_escaped(void **state)
{
	struct status st = {0};

	(void)state;
	scratch_write("a\x1b[31m.db", "hello", 5);
	assert_null(store_open(scratch_path("a\x1b[31m.db"), &st));
	assert_null(strchr(st.message, '\x1b'));
	assert_non_null(strstr(st.message, "\\x1b"));
}

/* Runs as somebody for whom permissions count; root drops to nobody. */
static int
in_child(int (*run)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
			_exit(77);
		_exit(run());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int
refused_with_a_way_out(void)
{
	static const char *const path[] = {"locked/new.db", "locked/old.db", "locked/wal.db", "open/wal.db"};

	for (size_t i = 0; i < sizeof(path) / sizeof(path[0]); i++) {
		struct status st = {0};

		if (store_open(scratch_path(path[i]), &st) || st.code != STATUS_DATA || !strstr(st.message, ":memory:")) {
			fprintf(stderr, "%s: %s\n", path[i], st.message);
			return 1;
		}
	}
	return 0;
}

static void
a_read_only_folder_is_refused(void **state)
{
	int code;

	(void)state;
	chmod(scratch_folder(), 0755);
	assert_int_equal(mkdir(scratch_path("locked"), 0755), 0);
	assert_int_equal(mkdir(scratch_path("open"), 0755), 0);
	store_close(open_ok(scratch_path("open/wal.db")));
	store_close(open_ok(scratch_path("locked/old.db")));
	store_close(open_ok(scratch_path("locked/wal.db")));
	execute(scratch_path("locked/old.db"), "PRAGMA journal_mode = DELETE");
	/* A file that may be written in a folder that may not, the reverse, and neither. */
	chmod(scratch_path("locked/wal.db"), 0666);
	chmod(scratch_path("locked/old.db"), 0444);
	chmod(scratch_path("open/wal.db"), 0444);
	chmod(scratch_path("open"), 0777);
	chmod(scratch_path("locked"), 0555);
	code = in_child(refused_with_a_way_out);
	chmod(scratch_path("locked"), 0755);
	if (code == 77)
		skip();
	assert_int_equal(code, 0);
}

static void
a_hollow_database_is_refused(void **state)
{
	(void)state;
	execute(scratch_path("hollow.db"), "PRAGMA application_id = 0x53504b53; PRAGMA user_version = 1; CREATE TABLE runs(id)");
	assert_refused(scratch_path("hollow.db"), "damaged");
}

static void
foreign_triggers_do_not_run(void **state)
{
	const char *path = scratch_path("trap.db");
	struct status st = {0};
	struct store *store = open_ok(path);

	(void)state;
	assert_true(store_session_new(store, "precious", &st) > 0);
	store_close(store);
	execute(path, "CREATE TRIGGER trap AFTER INSERT ON sessions BEGIN DELETE FROM sessions WHERE name = 'precious'; END");
	store = open_ok(path);
	assert_true(store_session_new(store, "second", &st) > 0);
	assert_true(ask_number(store, "SELECT count(*) FROM sessions") == 2);
	store_close(store);
}

static void
a_ugo_that_lies_is_refused(void **state)
{
	static const char *const lie[] = {
	    "weights = x'00'",  "hidden = 1000000000", "hidden = -1",  "hidden = 4611686018427387904",
	    "form = 'segment'", "dtype = 'F64'",       "weights = x''"};
	struct status st = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(lie) / sizeof(lie[0]); i++) {
		static const float weights[3] = {1, 2, 3};
		struct record_ugo ugo = {.name = "g", .hidden = 1, .form = "relu", .weights = weights, .rows = 3};
		char name[16], sql[128];
		struct store *store;

		snprintf(name, sizeof(name), "%zu.db", i);
		store = open_ok(scratch_path(name));
		assert_true(store_ugo_put(store, &ugo, &st) > 0);
		store_close(store);
		snprintf(sql, sizeof(sql), "UPDATE ugos SET %s", lie[i]);
		execute(scratch_path(name), sql);
		store = open_ok(scratch_path(name));
		assert_false(store_ugo_list(store, NULL, NULL, NULL, &st));
		assert_int_equal(st.code, STATUS_DATA);
		status_clear(&st);
		store_close(store);
	}
}

static bool
record_a_little(struct store *store, struct status *st)
{
	struct record_run run = {.kind = "step", .version = "0", .threads = 1};
	int64_t id = store_run_begin(store, &run, st);

	for (int t = 1; id && t <= 50; t++)
		if (!store_site_metric(store, id, "blocks.0.attn", t, "rmse", t, st) || !store_metric(store, id, t, "x", t, st))
			return false;
	return id && store_run_end(store, id, &(struct record_end){.status = "done"}, st);
}

static bool
seen_ugo(void *ctx, const struct record_ugo *ugo)
{
	(void)ugo;
	(void)ctx;
	return true;
}

static bool
seen_row(void *ctx, int count, const struct query_value *values)
{
	(void)count;
	(void)values;
	(void)ctx;
	return true;
}

/* Bytes overwritten anywhere: every call must come back with an answer or a status. */
static void
a_damaged_file_is_survived(void **state)
{
	static unsigned char good[1 << 19], bad[sizeof(good)];
	struct store *store = open_ok(scratch_path("good.db"));
	struct status st = {0};
	struct rng rng;
	size_t size;

	(void)state;
	assert_true(record_a_little(store, &st) && store_session_new(store, NULL, &st));
	store_close(store);
	size = slurp(scratch_path("good.db"), good, sizeof(good));
	assert_true(size > 4096 && size < sizeof(good));
	rng_seed(&rng, 5);
	for (int round = 0; round < 150; round++) {
		const char *path = scratch_path("bad.db");

		memcpy(bad, good, size);
		for (int i = 0; i < 1 + round; i++)
			bad[rng_below(&rng, round % 3 ? size : 4096)] = (unsigned char)rng_next(&rng);
		scratch_write("bad.db", bad, round % 10 == 9 ? (size_t)rng_below(&rng, size) : size);
		memset(&st, 0, sizeof(st));
		if ((store = store_open(path, &st))) {
			struct query query = {.sql = "SELECT * FROM v_runs, v_layer_error LIMIT 1000"};

			record_a_little(store, &st);
			store_session_open(store, "s1", &st);
			store_ugo_list(store, NULL, seen_ugo, NULL, &st);
			query_run(store, &query, &(struct query_output){.row = seen_row}, &st);
			store_close(store);
		} else
			assert_int_equal(st.code, STATUS_DATA);
		unlink(path);
		unlink(scratch_path("bad.db-wal"));
		unlink(scratch_path("bad.db-shm"));
		unlink(scratch_path("bad.db-journal"));
	}
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
a_full_disk_loses_nothing(void **state)
{
	struct store *store = open_ok(scratch_path("a.db"));
	struct status st = {0};
	struct record_run run = {.kind = "step", .version = "0", .threads = 1};
	int64_t first, second;
	int t = 0;

	(void)state;
	assert_true(record_a_little(store, &st));
	first = store_run_begin(store, &run, &st);
	limit_file_size(600000);
	while (t < 1000 && st.code == STATUS_OK) {
		t++;
		for (int i = 0; i < 200; i++) {
			char site[32];

			/* Every step has a name of its own, so the failing one too. */
			snprintf(site, sizeof(site), "site.%d.%d", i, i ? 0 : t);
			assert_true(store_site_metric(store, first, site, t, "rmse", i, &st));
		}
		store_flush(store, &st);
	}
	assert_int_equal(st.code, STATUS_DATA);
	assert_non_null(strstr(st.message, "space"));
	status_clear(&st);
	/* Still usable: it answers, and says no again. */
	assert_true(ask_number(store, "SELECT count(*) FROM runs WHERE status = 'done'") == 1);
	second = store_run_begin(store, &run, &st);
	if (second == 0)
		assert_int_equal(st.code, STATUS_DATA);
	status_clear(&st);
	assert_false(store_run_end(store, first, &(struct record_end){.status = "done"}, &st));
	status_clear(&st);
	limit_file_size(RLIM_INFINITY);
	/* Space again: the step that could not be written was kept. */
	assert_true(store_run_end(store, first, &(struct record_end){.status = "done"}, &st));
	store_close(store);
	store = open_ok(scratch_path("a.db"));
	assert_true(ask_number(store, "SELECT count(*) FROM v_site_metrics WHERE run = 2") == 200 * t);
	assert_true(ask_number(store, "SELECT count(*) FROM v_site_metrics WHERE run = 2 AND site = 'site.0.' || t") == t);
	assert_true(ask_number(store, "SELECT count(*) FROM runs WHERE status = 'done'") == 2);
	store_close(store);
}

static void
no_room_for_a_new_database(void **state)
{
	static const rlim_t room[] = {0, 4096, 8192, 20000, 40000};
	struct status st = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(room) / sizeof(room[0]); i++) {
		struct store *store;

		limit_file_size(room[i]);
		store = store_open(scratch_path("a.db"), &st);
		limit_file_size(RLIM_INFINITY);
		assert_null(store);
		assert_int_equal(st.code, STATUS_DATA);
		status_clear(&st);
	}
	/* What is left of the attempts is no obstacle. */
	store_close(open_ok(scratch_path("a.db")));
}

static const struct migration good[] = {{1, "one", "CREATE TABLE a(x INTEGER) STRICT"},
					{2, "two", "ALTER TABLE a ADD COLUMN y INTEGER"},
					{3, "three", "CREATE TABLE b(x INTEGER) STRICT; INSERT INTO b VALUES (1)"},
					{0, NULL, NULL}};
static const struct migration broken[] = {{1, "one", "CREATE TABLE a(x INTEGER) STRICT"},
					  {2, "two", "CREATE TABLE b(x INTEGER) STRICT; INSERT INTO none VALUES (1)"},
					  {0, NULL, NULL}};

static void
a_failed_migration_leaves_the_version_before(void **state)
{
	const char *path = scratch_path("m.db");
	struct status st = {0};
	int64_t value = 0;
	sqlite3 *db;

	(void)state;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_false(migrate_run(db, path, broken, &st));
	assert_int_equal(st.code, STATUS_DATA);
	assert_non_null(strstr(st.message, "version 2 (two)"));
	status_clear(&st);
	assert_int_equal(sql_number(db, "PRAGMA user_version", &value), SQLITE_OK);
	assert_int_equal(value, 1);
	assert_int_equal(sql_number(db, "SELECT count(*) FROM sqlite_schema", &value), SQLITE_OK);
	assert_int_equal(value, 1);
	/* Goes on from there. */
	assert_true(migrate_check(db, path, good, &st) && migrate_run(db, path, good, &st));
	assert_int_equal(sql_number(db, "PRAGMA user_version", &value), SQLITE_OK);
	assert_int_equal(value, 3);
	assert_true(migrate_run(db, path, good, &st));
	assert_false(migrate_check(db, path, broken, &st));
	sqlite3_close(db);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, files_setup, files_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(a_text_file_is_refused),        TEST(another_database_is_refused),
	    TEST(a_newer_version_is_refused),    TEST(places_without_a_file_are_refused),
	    TEST(an_empty_file_is_taken),        TEST(an_odd_name_is_shown_escaped),
	    TEST(a_read_only_folder_is_refused), TEST(a_hollow_database_is_refused),
	    TEST(foreign_triggers_do_not_run),   TEST(a_ugo_that_lies_is_refused),
	    TEST(a_damaged_file_is_survived),    TEST(a_full_disk_loses_nothing),
	    TEST(no_room_for_a_new_database),    TEST(a_failed_migration_leaves_the_version_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
