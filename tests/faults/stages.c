/* What the program does, with its n-th allocation or its n-th call to SQLite's files failing,
 * for one n after the other:
 *
 *	build/tests/faults/stages [--every N] [--most M] [--stage NAME] [--kind NAME] [--from N]
 *
 * Each n has a process of its own, forked from one in which all that comes before is done.
 * There must be no crash, no leak (with sanitizers), no temporary file left, a single line of
 * error for a command that fails, and the same commands must pass when nothing fails any more,
 * on a notebook that is whole. A line a stage and kind says how many n there were. --every
 * takes every N-th n, --most ends after so many. */
#include "tests/faults/faults.h"
#include "tests/support/scratch.h"
#include "ui/workbench/app.h"

#include <dirent.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINES = 8, LIMIT_SECONDS = 120 };

static const struct stage {
	const char *name;
	const char *before[LINES], *lines[LINES]; /* lines: what is tried */
	bool notebook;                            /* each process opens one of its own in a file */
} stages[] = {
    {.name = "load", .lines = {"load examples/digits-vit"}},
    {.name = "data", .before = {"load examples/digits-vit"}, .lines = {"data examples/digits-vit/test.safetensors", "image 3"}},
    {.name = "convert",
     .before = {"load examples/digits-vit", "data examples/digits-vit/test.safetensors"},
     .lines = {"convert --T 4 --images 2"}},
    {.name = "step",
     .before = {"load examples/digits-vit", "data examples/digits-vit/test.safetensors", "convert --T 4 --images 2", "image 3"},
     .lines = {"break error(blocks.*.attn) > 100", "step 2", "back 1", "watch top"}},
    {.name = "eval",
     .before = {"load examples/digits-vit", "data examples/digits-vit/test.safetensors", "convert --T 4 --images 2"},
     .lines = {"eval 2 --t 2,4"}},
    {.name = "fit", .lines = {"ugo fit gelu --hidden 4", "ugo fit 'x*tanh(x)' --hidden 3 --name mine"}},
    {.name = "draw",
     .before = {"load examples/digits-vit", "data examples/digits-vit/test.safetensors", "convert --T 4 --images 2", "image 3",
		"step 2"},
     .lines = {"view overview", "view attention", "save o.txt attention --force", "save o.svg overview --force"}},
    {.name = "store",
     .notebook = true,
     .lines = {"session new", "ugo fit gelu --hidden 2", "session note hello", "runs", "query 'SELECT count(*) FROM runs'"}},
    {.name = "import", .notebook = true, .lines = {"import seed.db", "runs", "export x out.db --force", "db check"}},
    {.name = "report",
     .notebook = true,
     .before = {0},
     .lines = {"import seed.db", "report x r.html --force", "report x r.md --force"}},
};

enum { STAGES = sizeof(stages) / sizeof(*stages) };

static struct app app;
static FILE *out, *talk;
static char *said;
static size_t said_size, said_from; /* what was said before is no concern of the process of one n */

/* A leak's exit code, which tells it from a failed check. */
const char *__lsan_default_options(void);
const char *
__lsan_default_options(void)
{
	return "exitcode=23:print_suppressions=0";
}

static void
give_up(const char *what, const char *detail)
{
	faults_end();
	fprintf(stderr, "%s: %s\n", what, detail);
	_exit(3);
}

/* What was said since said_from. */
static const char *
said_now(void)
{
	fflush(talk);
	return said + (said_from < said_size ? said_from : said_size);
}

static bool
open_app(const char *db, struct status *st)
{
	memset(&app, 0, sizeof(app));
	app.options = (struct options){.columns = 80, .rows = 24, .threads = 1, .seed = 1};
	return app_init(&app, db, out, talk, st);
}

static bool
run_lines(const char *const *line, bool all)
{
	bool ok = true;

	for (int i = 0; i < LINES && line[i] && (ok || all); i++)
		ok = app_execute(&app, line[i]) == STATUS_OK && ok;
	return ok;
}

static int
count_lines(const char *text, const char *start)
{
	int count = 0;

	for (const char *at = strstr(text, start); at; at = strstr(at + 1, start))
		count++;
	return count;
}

static void
check_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (strstr(entry->d_name, ".tmp") || strstr(entry->d_name, ".part"))
			give_up("a temporary file is left", entry->d_name);
	closedir(dir);
}

static void
expect_pass(const struct stage *stage)
{
	said_from = strlen(said_now()) + said_from;
	if (!run_lines(stage->lines, false))
		give_up("does not work afterwards", said_now());
	if (stage->notebook && app_execute(&app, "db check") != STATUS_OK)
		give_up("the notebook is not whole", said_now());
}

/* In the process of one n. Exits 0: the n-th call failed and all was well; 4: it never came. */
static void
try_one(const struct stage *stage, enum fault kind, long n)
{
	struct status st = {0};
	bool ok = true, came;
	const char *db = stage->notebook ? "n.db" : ":memory:";

	alarm(LIMIT_SECONDS);
	said_from = strlen(said_now());
	if (stage->notebook) {
		app_done(&app);
		faults_begin(kind, n, false);
		ok = open_app(db, &st);
	} else {
		faults_begin(kind, n, false);
	}
	ok = ok && run_lines(stage->lines, false);
	came = faults_end();
	if (!ok && st.code == STATUS_OK && count_lines(said_now(), "error: ") != 1)
		give_up("not one line of error", said_now());
	if (!ok && st.code == STATUS_OK && kind == FAULT_MEMORY && !strstr(said_now(), "memory"))
		give_up("something else is blamed", said_now());
	if (!ok && getenv("FAULTS_SAY"))
		fprintf(stderr, "%s %s %ld: %s%s", stage->name, fault_names[kind], n, st.message, said_now());
	if (!ok && !came)
		give_up("fails without a fault", st.code ? st.message : said_now());
	if (st.code != STATUS_OK) {
		app_done(&app);
		status_clear(&st);
		if (!open_app(db, &st))
			give_up("does not open afterwards", st.message);
	}
	if (came)
		expect_pass(stage);
	app_done(&app);
	fclose(talk);
	free(said);
	fclose(out);
	check_folder(".");
	exit(came ? 0 : 4);
}

static void
clean_folder(void)
{
	static const char *const names[] = {"n.db",  "n.db-wal", "n.db-shm", "n.db-journal", "o.txt",
					    "o.svg", "out.db",   "r.html",   "r.md"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		unlink(names[i]);
}

struct tally {
	long tried, failed;
};

static bool
try_stage(const struct stage *stage, enum fault kind, long n, struct tally *tally)
{
	int status;
	pid_t child;

	fflush(NULL);
	clean_folder();
	child = fork();
	if (child == 0)
		try_one(stage, kind, n);
	waitpid(child, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 4)
		return false;
	tally->tried++;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		tally->failed++;
		printf("FAIL: %s, %s, n = %ld: %s %d\n", stage->name, fault_names[kind], n, WIFEXITED(status) ? "exit" : "signal",
		       WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	}
	return true;
}

struct choice {
	long every, most, from;
	const char *stage, *kind;
};

static long
run_stage(const struct stage *stage, const struct choice *choice)
{
	struct status st = {0};
	long failed = 0;

	if (!open_app(":memory:", &st) || !run_lines(stage->before, false)) {
		printf("FAIL: %s cannot begin: %s%s\n", stage->name, st.message, said_now());
		return 1;
	}
	for (enum fault kind = FAULT_MEMORY; kind < FAULTS; kind++) {
		struct tally tally = {0};
		bool came = true;

		if (choice->kind && strcmp(choice->kind, fault_names[kind]) != 0)
			continue;
		for (long n = choice->from; came && tally.tried < choice->most; n += choice->every)
			came = try_stage(stage, kind, n, &tally);
		printf("%-8s %-12s %6ld tried%s, %ld failed\n", stage->name, fault_names[kind], tally.tried, came ? "" : " (all)",
		       tally.failed);
		fflush(stdout);
		failed += tally.failed;
	}
	app_done(&app);
	return failed;
}

/* What `import` takes, made once without faults. */
static bool
make_seed(void)
{
	static const char *const lines[] = {"session new x",
					    "load examples/digits-vit",
					    "data examples/digits-vit/test.safetensors",
					    "convert --T 4 --images 2",
					    "eval 1 --t 2",
					    "ugo fit gelu --hidden 2",
					    NULL};
	struct status st = {0};
	bool ok = open_app("seed.db", &st) && run_lines(lines, false);

	app_done(&app);
	return ok;
}

static bool
read_choice(struct choice *choice, int argc, char **argv)
{
	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--every") == 0)
			choice->every = strtol(argv[i + 1], NULL, 10);
		else if (strcmp(argv[i], "--most") == 0)
			choice->most = strtol(argv[i + 1], NULL, 10);
		else if (strcmp(argv[i], "--from") == 0)
			choice->from = strtol(argv[i + 1], NULL, 10);
		else if (strcmp(argv[i], "--stage") == 0)
			choice->stage = argv[i + 1];
		else if (strcmp(argv[i], "--kind") == 0)
			choice->kind = argv[i + 1];
		else
			return false;
	}
	return argc % 2 == 1 && choice->every > 0 && choice->from > 0;
}

int
main(int argc, char **argv)
{
	struct choice choice = {.every = 1, .most = 1000000, .from = 1};
	char here[4096], link[4200];
	long failed = 0;

	if (!read_choice(&choice, argc, argv) || !getcwd(here, sizeof(here)))
		return 2;
	faults_install();
	omp_set_num_threads(1);
	scratch_make();
	snprintf(link, sizeof(link), "%s/examples", here);
	if (chdir(scratch_folder()) != 0 || symlink(link, "examples") != 0)
		return 2;
	out = fopen("/dev/null", "w");
	talk = open_memstream(&said, &said_size);
	if (!out || !talk || !make_seed()) {
		printf("FAIL: no notebook to import\n%s", said);
		return 1;
	}
	for (int i = 0; i < STAGES; i++)
		if (!choice.stage || strcmp(choice.stage, stages[i].name) == 0)
			failed += run_stage(&stages[i], &choice);
	fclose(talk);
	free(said);
	fclose(out);
	scratch_remove();
	return failed == 0 ? 0 : 1;
}
