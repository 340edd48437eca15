/* Random keys in the panes, seeded: none may end the program but those that are asked to. SPIKESCOPE_KEYS
 * says how many, SPIKESCOPE_SEED of which sequence. */
#include "base/rng.h"
#include "tests/support/scratch.h"
#include "tests/support/terminal.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define PROMPT "(spikescope) "

enum { KEYS_MAX = 24, TURN = 16, TURNS_IN_PANES = 40 };

static char program[PATH_MAX];

static struct terminal *
start_in(const char *option)
{
	char *argv[] = {program, strdup("--no-config"), strdup("--db"), strdup(":memory:"), option ? strdup(option) : NULL, NULL};
	struct terminal *t = terminal_start(argv, "xterm-256color", 24, 80, scratch_folder());

	for (int i = 1; argv[i]; i++)
		free(argv[i]);
	assert_non_null(t);
	return t;
}

static struct terminal *
start(void)
{
	struct terminal *t = start_in("--example");

	assert_true(terminal_wait(t, "t=1 "));
	return t;
}

/* --- what is typed -------------------------------------------------------- */

static const char *
pick(struct rng *rng, const char *const *list, size_t count)
{
	return list[rng_below(rng, count)];
}

/* Beginnings of searches and of sequences, and what ends them. */
static const char *
editing_key(struct rng *rng)
{
	static const char *const keys[] = {"\x12",
					   "\x13",
					   "\x1d",
					   "\033\x1d",
					   "\x18",
					   "\x11",
					   "\x16",
					   "\x07",
					   "\033",
					   "\x1f",
					   "\033x",
					   "\033\x10",
					   "\033-",
					   "\0339",
					   "\x14",
					   "\x19",
					   "\033y",
					   "\033.",
					   "\x18(",
					   "\x18)",
					   "\x18"
					   "e",
					   "\x15",
					   "\x0b",
					   "\x10",
					   "\x0e",
					   "\x18\x15",
					   "\x18\x7f",
					   "\033<",
					   "\033>",
					   "\033r",
					   "\033?",
					   "\033*",
					   "\t",
					   "\x08",
					   "\x7f",
					   "\r"};

	return pick(rng, keys, sizeof(keys) / sizeof(*keys));
}

static const char *
special_key(struct rng *rng)
{
	static const char *const keys[] = {"\033OA",
					   "\033OB",
					   "\033OC",
					   "\033OD",
					   "\033[A",
					   "\033[B",
					   "\033[C",
					   "\033[D",
					   "\033[5~",
					   "\033[6~",
					   "\033[H",
					   "\033[F",
					   "\033[Z",
					   "\033OP",
					   "\033[3~",
					   "\033[2~",
					   "\033[15~",
					   "\033[1;5C",
					   "\033[200~pasted\rtext\t\x01",
					   "\033[201~"};

	return pick(rng, keys, sizeof(keys) / sizeof(*keys));
}

static const char *
word(struct rng *rng)
{
	static const char *const words[] = {"step\r",   "view ",          "help\r",   "set ",          "find act\r",
					    "back\r",   "focus raster\r", "layout ",  "split delta\r", "neuron if\r",
					    "\xc3\xa9", "\xe6\xbc\xa2",   "\xcc\x81", "\xff"};

	return pick(rng, words, sizeof(words) / sizeof(*words));
}

/* One key, or what a terminal sends for one; neither Ctrl-Z nor Ctrl-\, which mean to stop. */
static const char *
random_key(struct rng *rng, char out[KEYS_MAX])
{
	char c;

	switch (rng_below(rng, 10)) {
	case 0:
	case 1:
		return editing_key(rng);
	case 2:
		return special_key(rng);
	case 3:
		return word(rng);
	case 4:
		snprintf(out, KEYS_MAX, "\033[<%d;%d;%d%c", (int)rng_below(rng, 70), (int)rng_below(rng, 90),
			 (int)rng_below(rng, 30), rng_below(rng, 2) ? 'M' : 'm');
		return out;
	case 5:
		do
			c = (char)(1 + rng_below(rng, 31));
		while (c == 0x1a || c == 0x1c);
		snprintf(out, KEYS_MAX, "%c", c);
		return out;
	case 6:
		snprintf(out, KEYS_MAX, "\033%c", (char)(0x20 + rng_below(rng, 95)));
		return out;
	default:
		snprintf(out, KEYS_MAX, "%c", (char)(0x20 + rng_below(rng, 95)));
		return out;
	}
}

/* Types keys at once, as a fast hand does; false when the program has ended. */
static bool
type_some(struct terminal *t, struct rng *rng, char typed[TURN * KEYS_MAX])
{
	char one[KEYS_MAX];

	typed[0] = '\0';
	for (int i = 0; i < TURN; i++)
		strcat(typed, random_key(rng, one));
	terminal_type(t, typed);
	return terminal_runs(t);
}

static void
print_keys(const char *typed)
{
	fputs("the last keys:", stderr);
	for (; *typed; typed++)
		fprintf(stderr, " %02x", (unsigned char)*typed);
	fputc('\n', stderr);
}

/* Returns how many were typed until the program ended, which it may by itself. */
static long
session(struct rng *rng, long most)
{
	struct terminal *t = start();
	char typed[TURN * KEYS_MAX];
	long keys = 0;
	bool runs = true;
	int code;

	while (runs && keys < most) {
		/* Keys may have left the panes. */
		if (keys % (TURN * TURNS_IN_PANES) == 0)
			terminal_type(t, "\x03\x03panes\r");
		if (rng_below(rng, 20) == 0)
			terminal_resize(t, 1 + (int)rng_below(rng, 50), 1 + (int)rng_below(rng, 150));
		runs = type_some(t, rng, typed);
		keys += TURN;
	}
	code = runs ? 0 : terminal_wait_end(t);
	if (code < 0 || code > 3) {
		print_keys(typed);
		fail_msg("keys have ended the program with %d after %ld of them", code, keys);
	}
	terminal_free(t);
	return keys;
}

static void
test_random_keys(void **state)
{
	const char *count = getenv("SPIKESCOPE_KEYS"), *seed = getenv("SPIKESCOPE_SEED");
	long most = count ? strtol(count, NULL, 10) : 4000;
	struct rng rng;

	(void)state;
	rng_seed(&rng, seed ? strtoull(seed, NULL, 10) : 1);
	for (long typed = 0; typed < most;)
		typed += session(&rng, most - typed);
}

/* Each of these once ended the panes: readline's sequences of keys that are broken off. */
static void
test_sequences_that_are_broken_off(void **state)
{
	static const char *const keys[] = {"\x12\x18\x08", "\x1d\033y", "\x1d\033x", "\x1d\033\x10",
					   "\x12"
					   "b\x18"
					   "e"};
	struct terminal *t = start();

	(void)state;
	assert_true(terminal_wait_line(t, PROMPT));
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		terminal_type(t, "abc");
		assert_true(terminal_wait_line(t, PROMPT "abc"));
		terminal_type(t, keys[i]);
		terminal_type(t, "x y");
		assert_true(terminal_wait(t, "x y"));
		terminal_type(t, "\x03");
		assert_true(terminal_wait_gone(t, "x y"));
		terminal_type(t, "x y");
		assert_true(terminal_wait_line(t, PROMPT "x y"));
		terminal_type(t, "\x03");
		assert_true(terminal_wait_gone(t, "x y"));
	}
	terminal_type(t, "quit\r");
	assert_int_equal(terminal_wait_end(t), 0);
	terminal_free(t);
}

/* readline divides by what room there is. */
static void
test_terminal_without_room(void **state)
{
	static const int sizes[][2] = {{1, 2}, {1, 1}, {2, 3}, {1, 13}, {3, 5}};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct terminal *t = start_in(NULL);

		terminal_claim(t, sizes[i][0], sizes[i][1]);
		terminal_type(t, "# \xe6\xbc\xa2 a line that is longer than that\x01\x05\x15");
		terminal_claim(t, 24, 80);
		assert_true(terminal_wait_line(t, PROMPT));
		terminal_type(t, "# a\x15");
		terminal_claim(t, sizes[i][0], sizes[i][1]);
		terminal_type(t, "# \xe6\xbc\xa2 again\x01\x05\x15quit\r");
		assert_int_equal(terminal_wait_end(t), 0);
		terminal_free(t);
	}
}

/* Completed commands may write files: they go to a folder that goes away. */
static int
setup(void **state)
{
	const char *given = getenv("SPIKESCOPE");

	(void)state;
	scratch_make();
	return realpath(given ? given : "build/spikescope", program) && chdir(scratch_folder()) == 0 ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	scratch_remove();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sequences_that_are_broken_off),
	    cmocka_unit_test(test_terminal_without_room),
	    cmocka_unit_test(test_random_keys),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
