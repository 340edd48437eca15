/* Several processes on one file: killed ones, busy ones, many at once. */
#include "db/store.h"

#include "base/rng.h"
#include "tests/support/ask.h"
#include "tests/support/files.h"
#include "tests/support/scratch.h"

#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
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

static int64_t
begin_run(struct store *store, struct status *st)
{
	return store_run_begin(store, &(struct record_run){.kind = "step", .version = "0", .threads = 1}, st);
}

static void
keep_text(void *ctx, const char *text)
{
	snprintf(ctx, 300, "%s", text);
}

/* Who holds the file is named after a second, and only the first wait is a long one. */
static void
waiting_is_said_and_bounded(void **state)
{
	struct store *store = open_ok(scratch_path("held.db"));
	char said[300] = "", pid[32];
	struct status st = {0};
	int ready[2], status;
	pid_t child;

	(void)state;
	store_on_wait(store, keep_text, said);
	assert_int_equal(pipe(ready), 0);
	if ((child = fork()) == 0) {
		sqlite3 *db;
		bool held = sqlite3_open(scratch_path("held.db"), &db) == SQLITE_OK &&
			    sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK;

		if (write(ready[1], &held, sizeof(held)) == sizeof(held))
			pause();
		_exit(1);
	}
	assert_int_equal(read(ready[0], &status, sizeof(bool)), sizeof(bool));
	assert_int_equal(store_session_new(store, "a", &st), 0);
	assert_non_null(strstr(st.message, "another program holds it"));
	snprintf(pid, sizeof(pid), "process %ld (", (long)child);
	assert_non_null(strstr(said, pid));
	/* If each of these waited as long as the first, the test would not end in its time. */
	for (int i = 0; i < 30; i++)
		assert_int_equal(store_session_new(store, "a", NULL), 0);
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	assert_true(store_session_new(store, "a", NULL) > 0);
	store_close(store);
}

enum { METRICS = 7, SITES = 5 };

static bool
record_step(struct store *store, int64_t run, int t, struct status *st)
{
	char name[32];

	for (int i = 0; i < METRICS; i++) {
		snprintf(name, sizeof(name), "m%d", i);
		if (!store_metric(store, run, t, name, i, st))
			return false;
	}
	for (int i = 0; i < SITES; i++) {
		snprintf(name, sizeof(name), "site.%d", i);
		if (!store_site_metric(store, run, name, t, "rmse", i, st))
			return false;
	}
	return true;
}

/* Records until it is killed; tells each finished run's number through the pipe. */
static void
record_for_ever(const char *path, int pipe_end)
{
	struct status st = {0};
	struct store *store = store_open(path, &st);

	while (store && st.code == STATUS_OK) {
		int64_t run = begin_run(store, &st);

		for (int t = 1; t <= 20 && record_step(store, run, t, &st); t++)
			if (t % 3 == 0)
				store_flush(store, &st);
		if (store_run_end(store, run, &(struct record_end){.status = "done"}, &st) &&
		    write(pipe_end, &run, sizeof(run)) != sizeof(run))
			break;
	}
	fprintf(stderr, "%s\n", st.message);
	_exit(1);
}

static const char HALF_STEPS[] =
    "SELECT (SELECT count(*) FROM (SELECT 1 FROM run_metrics GROUP BY run_id, t HAVING count(*) <> 7)) + "
    "(SELECT count(*) FROM (SELECT 1 FROM site_metrics GROUP BY run_id, t HAVING count(*) <> 5)) + "
    "(SELECT count(*) FROM (SELECT run_id, t FROM run_metrics EXCEPT SELECT run_id, t FROM site_metrics))";

static const char WHOLE_RUNS[] =
    "SELECT count(*) FROM runs WHERE status = 'done' AND (SELECT count(DISTINCT t) FROM run_metrics WHERE run_id = id) = 20";

static void
check_after_kill(const char *path, int64_t finished)
{
	struct store *store = open_ok(path);
	sqlite3_stmt *s;
	sqlite3 *db;

	assert_true(ask_number(store, "SELECT count(*) FROM runs WHERE status NOT IN ('done', 'interrupted')") == 0);
	assert_true(ask_number(store, HALF_STEPS) == 0);
	assert_true(ask_number(store, WHOLE_RUNS) >= (double)finished);
	assert_true(ask_number(store, WHOLE_RUNS) == ask_number(store, "SELECT count(*) FROM runs WHERE status = 'done'"));
	store_close(store);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	assert_string_equal((const char *)sqlite3_column_text(s, 0), "ok");
	sqlite3_finalize(s);
	sqlite3_close(db);
}

static void
kill_9_loses_no_finished_run(void **state)
{
	const char *path = scratch_path("a.db");
	int64_t finished = 0;
	struct rng rng;

	(void)state;
	rng_seed(&rng, 9);
	for (int round = 0; round < 20; round++) {
		int64_t report;
		siginfo_t info;
		int end[2];
		pid_t pid;

		assert_int_equal(pipe(end), 0);
		assert_true((pid = fork()) >= 0);
		if (pid == 0)
			record_for_ever(path, end[1]);
		close(end[1]);
		usleep((useconds_t)rng_below(&rng, 60000));
		kill(pid, SIGKILL);
		/* Dead but not yet waited for, it still has its number: gone all the same. */
		assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | (round % 2 ? WNOWAIT : 0)), 0);
		assert_int_equal(info.si_code, CLD_KILLED);
		while (read(end[0], &report, sizeof(report)) == sizeof(report))
			finished++;
		close(end[0]);
		check_after_kill(path, finished);
		if (round % 2)
			assert_int_equal(waitpid(pid, NULL, 0), pid);
	}
	printf("killed 20 times, %lld runs finished\n", (long long)finished);
}

static void
a_process_that_left_is_noticed_and_others_are_not(void **state)
{
	const char *path = scratch_path("a.db");
	struct status st = {0};
	struct store *store, *other;
	int64_t mine;
	pid_t pid;

	(void)state;
	assert_true((pid = fork()) >= 0);
	if (pid == 0) {
		store = store_open(path, &st);
		int64_t session = store_session_new(store, NULL, &st),
			command = store_command_begin(store, session, "run 8", &st);
		int64_t run = begin_run(store, &st);
		bool ok = command && store_metric(store, run, 1, "x", 1, &st) && store_flush(store, &st);
		_exit(ok ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	store = open_ok(path);
	assert_string_equal(ask_text(store, "SELECT status FROM runs"), "interrupted");
	assert_string_equal(ask_text(store, "SELECT status FROM commands"), "interrupted");
	assert_true(ask_number(store, "SELECT count(*) FROM run_metrics") == 1);
	mine = begin_run(store, &st);
	other = open_ok(path);
	assert_string_equal(ask_text(other, "SELECT status FROM runs WHERE id = 2"), "running");
	assert_true(store_run_end(store, mine, &(struct record_end){.status = "done"}, &st));
	store_close(other);
	store_close(store);
}

static void
execute(sqlite3 *db, const char *sql)
{
	char *message = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s: %s", sql, message);
}

static void
other_hosts_and_recycled_numbers_are_told_apart(void **state)
{
	const char *path = scratch_path("a.db");
	struct store *store = open_ok(path);
	struct status st = {0};
	sqlite3 *db;

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_true(begin_run(store, &st) > 0);
	store_close(store);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	/* A run elsewhere cannot be judged from here; one of a process whose number is
	 * now ours can. */
	execute(db, "UPDATE runs SET host = 'elsewhere', pid = 4194305 WHERE id = 1");
	execute(db, "UPDATE runs SET process_start = '12345@before' WHERE id = 2");
	sqlite3_close(db);
	store = open_ok(path);
	assert_string_equal(ask_text(store, "SELECT group_concat(status) FROM (SELECT status FROM runs ORDER BY id)"),
			    "running,interrupted,running");
	store_close(store);
}

static void
a_busy_file_delays_measurements_only(void **state)
{
	const char *path = scratch_path("a.db");
	struct store *store = open_ok(path), *other;
	struct status st = {0};
	int64_t run = begin_run(store, &st);
	sqlite3 *db;

	(void)state;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	execute(db, "BEGIN IMMEDIATE");
	/* Enough for several attempts to write. */
	for (int t = 1; t <= 5000; t++)
		assert_true(record_step(store, run, t, &st));
	/* Starting and asking do not wait for the writer. */
	other = open_ok(path);
	assert_true(ask_number(other, "SELECT count(*) FROM runs") == 1);
	assert_true(ask_number(other, "SELECT count(*) FROM run_metrics") == 0);
	store_close(other);
	execute(db, "ROLLBACK");
	assert_true(store_run_end(store, run, &(struct record_end){.status = "done"}, &st));
	assert_true(ask_number(store, "SELECT count(*) FROM run_metrics") == 5000 * METRICS);
	assert_true(ask_number(store, HALF_STEPS) == 0);
	sqlite3_close(db);
	store_close(store);
}

static void
a_reader_does_not_block_a_writer(void **state)
{
	const char *path = scratch_path("a.db");
	struct store *store = open_ok(path);
	struct status st = {0};
	sqlite3 *db;

	(void)state;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	execute(db, "BEGIN; SELECT count(*) FROM runs");
	assert_true(begin_run(store, &st) > 0);
	execute(db, "COMMIT");
	sqlite3_close(db);
	store_close(store);
}

static int
write_runs(const char *path, int runs)
{
	struct status st = {0};
	struct store *store = store_open(path, &st);

	for (int i = 0; store && i < runs; i++) {
		int64_t run = begin_run(store, &st);

		for (int t = 1; t <= 5; t++)
			record_step(store, run, t, &st);
		store_run_end(store, run, &(struct record_end){.status = "done"}, &st);
	}
	if (st.code != STATUS_OK)
		fprintf(stderr, "%s\n", st.message);
	store_close(store);
	return st.code;
}

/* They also make the file, all at once. */
static void
many_processes_share_a_file(void **state)
{
	const char *path = scratch_path("a.db");
	struct store *store;
	pid_t pid[6];

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		assert_true((pid[i] = fork()) >= 0);
		if (pid[i] == 0)
			_exit(write_runs(path, 30));
	}
	for (size_t i = 0; i < 6; i++) {
		int status;

		assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
	store = open_ok(path);
	assert_true(ask_number(store, "SELECT count(*) FROM runs WHERE status = 'done'") == 180);
	assert_true(ask_number(store, "SELECT count(*) FROM site_metrics") == 180 * 5 * SITES);
	assert_true(ask_number(store, "SELECT count(*) FROM sites") == SITES);
	assert_true(ask_number(store, HALF_STEPS) == 0);
	store_close(store);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, files_setup, files_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(waiting_is_said_and_bounded),
	    TEST(kill_9_loses_no_finished_run),
	    TEST(a_process_that_left_is_noticed_and_others_are_not),
	    TEST(other_hosts_and_recycled_numbers_are_told_apart),
	    TEST(a_busy_file_delays_measurements_only),
	    TEST(a_reader_does_not_block_a_writer),
	    TEST(many_processes_share_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
