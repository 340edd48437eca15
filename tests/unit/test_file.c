/* Files of strangers are not waited for, and ours are whole or not there. */
#include "base/file.h"

#include "base/json.h"
#include "base/text.h"
#include "tests/support/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int
setup(void **state)
{
	(void)state;
	scratch_make();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	scratch_remove();
	return 0;
}

static int
entries(void)
{
	DIR *dir = opendir(scratch_folder());
	int count = 0;

	assert_non_null(dir);
	for (struct dirent *e; (e = readdir(dir));)
		count += e->d_name[0] != '.';
	closedir(dir);
	return count;
}

static void
assert_content(const char *path, const char *text)
{
	struct status st = {0};
	char *found = file_read(path, 1000, NULL, &st);

	if (!found)
		fail_msg("%s", st.message);
	assert_string_equal(found, text);
	free(found);
}

static void
only_files_are_opened(void **state)
{
	static const struct {
		const char *path, *says;
	} bad[] = {{"fifo", "this is a pipe"}, {"zero", "this is a device"}, {"folder", "this is a folder"},
		   {"none", "No such file"},   {"large", "larger than"},     {"loop", "symbolic links"}};

	(void)state;
	assert_int_equal(mkfifo(scratch_path("fifo"), 0600), 0);
	assert_int_equal(symlink("/dev/zero", scratch_path("zero")), 0);
	assert_int_equal(symlink(scratch_path("loop"), scratch_path("loop")), 0);
	assert_int_equal(mkdir(scratch_path("folder"), 0700), 0);
	scratch_write("large", "", 0);
	assert_int_equal(truncate(scratch_path("large"), (2 << 20) + 1), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct status st = {0};

		assert_null(file_open(scratch_path(bad[i].path), 2 << 20, &st));
		assert_int_equal(st.code, STATUS_DATA);
		if (!strstr(st.message, bad[i].says))
			fail_msg("%s: says '%s', not '%s'", bad[i].path, st.message, bad[i].says);
	}
}

static void
reads_what_has_no_size(void **state)
{
	struct status st = {0};
	size_t size = 0;
	char *text = file_read("/proc/self/status", 1 << 20, &size, &st);

	(void)state;
	assert_non_null(text);
	assert_true(size > 100 && strlen(text) == size);
	free(text);
	assert_null(file_read("/proc/self/mem", 1 << 20, &size, &st));
	assert_non_null(strstr(st.message, "Input/output error"));
}

static void
broken_json_is_not_out_of_memory(void **state)
{
	struct status st = {0};

	(void)state;
	scratch_write("broken.json", "{\n\"a\": ]", 8);
	assert_null(json_read(scratch_path("broken.json"), 0, &st));
	assert_int_equal(st.code, STATUS_DATA);
	assert_non_null(strstr(st.message, "line 2"));
}

static void
a_draft_appears_whole(void **state)
{
	const char *path = scratch_path("out.txt");
	struct status st = {0};
	struct draft d;
	struct stat info;

	(void)state;
	umask(022);
	assert_true(draft_begin(&d, path, false, &st));
	fputs("new", d.file);
	fflush(d.file);
	assert_int_equal(access(path, F_OK), -1);
	assert_true(draft_end(&d, true, &st));
	assert_content(path, "new");
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0644);
	assert_int_equal(entries(), 1);
}

static void
a_failed_draft_leaves_what_was(void **state)
{
	const char *path = scratch_path("out.txt");
	struct status st = {0};
	struct draft d;

	(void)state;
	scratch_write("out.txt", "old", 3);
	assert_false(draft_begin(&d, path, false, &st));
	assert_non_null(strstr(st.message, "exists; choose another name"));
	status_clear(&st);
	assert_true(draft_begin(&d, path, true, &st));
	fputs("new", d.file);
	assert_false(draft_end(&d, false, &st));
	assert_non_null(strstr(st.message, "out.txt: cannot be written"));
	assert_null(strstr(st.message, ".part"));
	assert_content(path, "old");
	assert_int_equal(entries(), 1);
}

/* What another program has put there meanwhile is not replaced unless that is asked for. */
static void
a_draft_does_not_replace_what_came_between(void **state)
{
	struct status st = {0};
	struct draft d;

	(void)state;
	assert_true(draft_begin(&d, scratch_path("out.txt"), false, &st));
	scratch_write("out.txt", "theirs", 6);
	assert_false(draft_end(&d, true, &st));
	assert_non_null(strstr(st.message, "File exists"));
	assert_content(scratch_path("out.txt"), "theirs");
	assert_int_equal(entries(), 1);
}

/* A link under a name that could be guessed was once followed. */
static void
links_are_not_followed(void **state)
{
	static const char *const guesses[] = {"out.txt.%ld.tmp", "out.txt.%ld.part", "out.txt.tmp%ld"};
	struct status st = {0};
	struct draft d;

	(void)state;
	scratch_write("victim", "precious", 8);
	for (size_t i = 0; i < sizeof(guesses) / sizeof(*guesses); i++) {
		char *name = text_format(guesses[i], (long)getpid());

		assert_int_equal(symlink("victim", scratch_path(name)), 0);
		free(name);
	}
	assert_true(draft_begin(&d, scratch_path("out.txt"), false, &st));
	fputs("new", d.file);
	assert_true(draft_end(&d, true, &st));
	assert_content(scratch_path("victim"), "precious");
	/* Nor is a link at the place itself: it is replaced. */
	assert_int_equal(symlink("victim", scratch_path("link.txt")), 0);
	assert_true(draft_begin(&d, scratch_path("link.txt"), true, &st));
	assert_true(draft_end(&d, true, &st));
	assert_content(scratch_path("victim"), "precious");
}

static void
the_next_draft_removes_what_a_killed_one_left(void **state)
{
	struct status st = {0};
	struct draft d;
	pid_t child = fork();
	int status;

	(void)state;
	if (child == 0) {
		char *journal;

		if (!draft_begin(&d, scratch_path("out.db"), false, &st) || !(journal = text_format("%s-journal", d.temp)))
			_exit(1);
		fclose(fopen(journal, "w"));
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(entries(), 2);
	scratch_write("out.db.1-abcdef.partly", "", 0); /* not ours */
	scratch_write("out.db.part", "", 0);
	assert_true(draft_begin(&d, scratch_path("out.db"), false, &st));
	assert_int_equal(entries(), 3);
	assert_true(draft_end(&d, true, &st));
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_A_FOLDER(only_files_are_opened),
	    IN_A_FOLDER(reads_what_has_no_size),
	    IN_A_FOLDER(broken_json_is_not_out_of_memory),
	    IN_A_FOLDER(a_draft_appears_whole),
	    IN_A_FOLDER(a_failed_draft_leaves_what_was),
	    IN_A_FOLDER(a_draft_does_not_replace_what_came_between),
	    IN_A_FOLDER(links_are_not_followed),
	    IN_A_FOLDER(the_next_draft_removes_what_a_killed_one_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
