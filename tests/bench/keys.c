/* How the panes feel: from a key to the finished drawing, through a pty at 120x40, for
 * every movement key on both examples and for `step` on digits-vit; what the program
 * costs when nobody types; and 200 resizes in a row. */
#include "tests/support/scratch.h"
#include "tests/support/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROWS = 40, COLUMNS = 120, QUIET_MS = 60, SLOW_MS = 800, SAMPLES_MAX = 2000, RESIZES = 200, IDLE_S = 5 };

/* Keys tried in a pane, each in turn and back again. Panes with a history draw at once
 * what they know and once more when the steps have been read again; both are waited for. */
struct pane_keys {
	const char *pane;
	const char *keys[12];
	bool history;
};

#define UP    "\033[A"
#define DOWN  "\033[B"
#define RIGHT "\033[C"
#define LEFT  "\033[D"

static const struct pane_keys panes[] = {
    {"model", {DOWN, DOWN, UP, RIGHT, LEFT, "w", "\033[6~", "\033[5~", NULL}, false},
    {"attention", {DOWN, RIGHT, UP, LEFT, "h", "H", "l", "L", NULL}, false},
    {"raster", {DOWN, UP, RIGHT, LEFT, "+", "+", "-", "-", NULL}, false},
    {"selected", {DOWN, UP, RIGHT, LEFT, NULL}, false},
    {"readout", {"o", "o", "?", "?", NULL}, false},
    {"product", {DOWN, RIGHT, UP, LEFT, "l", "L", "h", "H", NULL}, true},
    {"neuron", {DOWN, UP, RIGHT, LEFT, NULL}, true},
    {"patches", {DOWN, RIGHT, UP, LEFT, NULL}, false},
    {"histogram", {RIGHT, LEFT, DOWN, UP, NULL}, false},
    {"residual", {DOWN, UP, NULL}, false},
    {NULL, {NULL}, false},
};

struct samples {
	double seconds[SAMPLES_MAX];
	int count;
};

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
report(const char *what, struct samples *s)
{
	if (s->count == 0) {
		printf("  %-32s not measured\n", what);
		return;
	}
	qsort(s->seconds, (size_t)s->count, sizeof(*s->seconds), ascending);
	printf("  %-32s median %5.1f ms, 95%% %5.1f ms, longest %5.1f ms (%d keys)\n", what, 1e3 * s->seconds[s->count / 2],
	       1e3 * s->seconds[s->count * 95 / 100], 1e3 * s->seconds[s->count - 1], s->count);
}

/* Types a key and waits for what it draws. A key that changes nothing is not counted. */
static double
press(struct terminal *t, const char *key, int quiet_ms, struct samples *s)
{
	double seconds;

	terminal_type(t, key);
	seconds = terminal_settle(t, quiet_ms);
	if (seconds > 0 && s && s->count < SAMPLES_MAX)
		s->seconds[s->count++] = seconds;
	return seconds;
}

static void
type_line(struct terminal *t, const char *line)
{
	terminal_type(t, line);
	terminal_type(t, "\r");
	terminal_settle(t, 400);
}

static struct terminal *
start(const char *model)
{
	const char *program = getenv("SPIKESCOPE");
	char *argv[] = {strdup(program ? program : "build/spikescope"), strdup("--no-config"), strdup(model), NULL};
	struct terminal *t = terminal_start(argv, "xterm-256color", ROWS, COLUMNS, scratch_folder());

	for (int i = 0; i < 3; i++)
		free(argv[i]);
	return t;
}

/* Every movement key in every pane, twice; those that read the steps again apart. */
static void
movement(struct terminal *t, int quiet_ms, struct samples *moves, struct samples *again)
{
	for (int round = 0; round < 2; round++)
		for (const struct pane_keys *p = panes; p->pane; p++) {
			struct samples *s = p->history ? again : moves;
			char focus[40];

			snprintf(focus, sizeof(focus), ":focus %s\r", p->pane);
			terminal_type(t, focus);
			terminal_settle(t, quiet_ms > 400 ? quiet_ms : 400);
			for (int i = 0; p->keys[i]; i++)
				press(t, p->keys[i], quiet_ms, s);
			press(t, "\033", quiet_ms, s); /* comes out again when the pane was not in the layout */
			press(t, "\t", quiet_ms, s);
		}
}

static double
processor_seconds(pid_t pid)
{
	char path[64], line[1024];
	unsigned long user = 0, system = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "r");
	if (f && fgets(line, sizeof(line), f) && strrchr(line, ')'))
		sscanf(strrchr(line, ')') + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
	if (f)
		fclose(f);
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static long
resident_kilobytes(pid_t pid)
{
	char path[64], line[256];
	long kb = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmRSS: %ld", &kb) == 1)
			break;
	if (f)
		fclose(f);
	return kb;
}

static void
idle(struct terminal *t)
{
	double before, after;

	terminal_settle(t, 500);
	before = processor_seconds(terminal_pid(t));
	sleep(IDLE_S);
	after = processor_seconds(terminal_pid(t));
	printf("  idle: %.2f%% of a processor over %d s\n", 100 * (after - before) / IDLE_S, IDLE_S);
}

/* The screen after many resizes against one that is drawn from nothing. */
static void
resizes(struct terminal *t)
{
	long before = 0, after;
	char *left;
	int i;

	for (i = 0; i < 2 * RESIZES; i++) {
		if (i == RESIZES)
			before = resident_kilobytes(terminal_pid(t));
		terminal_resize(t, 1 + i * 7 % 60, 3 + i * 13 % 200);
		terminal_settle(t, 5);
	}
	terminal_resize(t, ROWS, COLUMNS);
	terminal_settle(t, 300);
	after = resident_kilobytes(terminal_pid(t));
	left = strdup(terminal_text(t));
	terminal_type(t, "\014"); /* Ctrl-L */
	terminal_settle(t, 300);
	printf("  %d resizes: the screen is %s, memory grew by %ld KB\n", RESIZES,
	       strcmp(left, terminal_text(t)) == 0 ? "as drawn anew" : "NOT AS DRAWN ANEW", after - before);
	if (strcmp(left, terminal_text(t)) != 0)
		printf("%s\n--- drawn anew:\n%s\n", left, terminal_text(t));
	free(left);
}

static void
digits(void)
{
	struct terminal *t = start("examples/digits-vit");
	struct samples *steps = calloc(1, sizeof(*steps)), *moves = calloc(1, sizeof(*moves));
	struct samples *again = calloc(1, sizeof(*again));

	printf("digits-vit, 120x40\n");
	terminal_wait(t, "(spikescope)");
	type_line(t, "data examples/digits-vit/test.safetensors");
	type_line(t, "image 3");
	type_line(t, "convert --T 16");
	type_line(t, "step 8");
	terminal_type(t, "\030a");
	terminal_wait(t, "readout");
	terminal_type(t, "\t");
	terminal_settle(t, 300);
	for (int i = 0; i < 40; i++)
		press(t, "s", QUIET_MS, steps);
	report("step", steps);
	movement(t, SLOW_MS, moves, again);
	report("movement keys", moves);
	report("in product and neuron", again);
	idle(t);
	resizes(t);
	terminal_free(t);
	free(steps);
	free(moves);
	free(again);
}

static void
cifar10(const char *pictures)
{
	struct terminal *t = start("examples/cifar10-vit");
	struct samples *steps = calloc(1, sizeof(*steps)), *moves = calloc(1, sizeof(*moves));
	struct samples *again = calloc(1, sizeof(*again));
	char line[600];

	printf("cifar10-vit, 120x40\n");
	terminal_wait(t, "(spikescope)");
	snprintf(line, sizeof(line), "convert --T 16 --images 2 --calibration %s", pictures);
	type_line(t, line);
	terminal_wait(t, "analog functions");
	terminal_settle(t, 400);
	snprintf(line, sizeof(line), "image %s:pixel_values[0]", pictures);
	type_line(t, line);
	terminal_wait(t, "label");
	type_line(t, "step 8");
	terminal_wait(t, "logit rmse");
	terminal_settle(t, 400);
	terminal_type(t, "\030a");
	terminal_wait(t, "readout");
	terminal_type(t, "\t");
	terminal_settle(t, 500);
	for (int i = 0; i < 20; i++)
		press(t, "s", SLOW_MS, steps);
	if (getenv("DUMP"))
		puts(terminal_text(t));
	report("step", steps);
	movement(t, SLOW_MS, moves, again);
	report("movement keys", moves);
	report("in product and neuron", again);
	terminal_free(t);
	free(steps);
	free(moves);
	free(again);
}

int
main(void)
{
	const char *shared = getenv("SPIKESCOPE_SHARED");
	char path[512];

	setvbuf(stdout, NULL, _IOLBF, 0);
	scratch_make();
	digits();
	snprintf(path, sizeof(path), "%s/fixtures/sta_trace_T8.safetensors", shared ? shared : "../shared");
	if (access(path, R_OK) == 0)
		cifar10(path);
	else
		printf("cifar10-vit: not measured, %s is not there\n", path);
	scratch_remove();
	return 0;
}
