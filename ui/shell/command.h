/* Commands: one table drives the parser, completion, help and the man page.
 *
 * A command line is `word [arguments] [--option value]`. Command and option names
 * may be cut to an unambiguous prefix; an option's value may follow `=`. Words are
 * split at blanks; 'single' and "double" quotes keep blanks (a backslash escapes
 * inside double quotes and outside of quotes); `--` ends options; a line that
 * starts with # is a comment. */
#ifndef SPIKESCOPE_UI_COMMAND_H
#define SPIKESCOPE_UI_COMMAND_H

#include "base/status.h"
#include "ui/workbench/app.h"

#include <stdbool.h>
#include <stddef.h>

/* What a value is: how it is checked and completed. */
enum value_kind {
	VALUE_NONE,      /* an option without value; the end of a list of arguments */
	VALUE_INT,       /* whole number within [lo, hi] */
	VALUE_REAL,      /* number within [lo, hi] */
	VALUE_RANGE,     /* LO,HI with LO < HI */
	VALUE_INTS,      /* ascending whole numbers 4,8,16 within [lo, hi] */
	VALUE_INDEX,     /* whole numbers 0,5 in any order, not negative */
	VALUE_SIZE,      /* COLSxROWS */
	VALUE_CHOICE,    /* one of choices, or an unambiguous prefix */
	VALUE_TEXT,      /* any word */
	VALUE_LINE,      /* the rest of the line as it stands; last argument only */
	VALUE_CONDITION, /* likewise: a condition */
	VALUE_PATH,
	VALUE_SITE, /* glob of sites */
	VALUE_VIEW,
	VALUE_FUNCTION,
	VALUE_NEURON, /* model of a neuron */
	VALUE_RECIPE,
	VALUE_PLAN,    /* name of a plan that the notebook has */
	VALUE_SPLIT,   /* a recipe, such a name, or off */
	VALUE_SESSION, /* name of a session */
	VALUE_UGO,     /* name of a UGO of this session, or a function */
	VALUE_TOPIC,   /* command or class */
	VALUE_SETTING,
	VALUE_SELECT, /* what select knows */
	VALUE_LAYOUT, /* name of a layout */
	VALUE_RUN,    /* number of a run */
	VALUE_RUNS,   /* what `compare` takes */
	VALUE_RULE,   /* what `energy` charges by */
};

/* Of CLASS_MOVEMENT only the looking changes: the notebook does not keep them. */
enum command_class {
	CLASS_MODEL,
	CLASS_SPIKES,
	CLASS_UGO,
	CLASS_VIEW,
	CLASS_MOVEMENT,
	CLASS_STUDY,
	CLASS_NOTEBOOK,
	CLASS_SHELL,
	CLASSES
};

struct option_info {
	const char *name;  /* without the dashes */
	const char *value; /* how help calls its value ("N"); NULL for VALUE_NONE */
	enum value_kind kind;
	double lo, hi;              /* bounds of VALUE_INT, VALUE_REAL and VALUE_INTS */
	const char *const *choices; /* of VALUE_CHOICE; ends with NULL */
	const char *help;
};

struct argument_info {
	const char *name; /* "PATH"; NULL ends the list */
	enum value_kind kind;
	bool optional, many; /* many: any number, last argument only */
	double lo, hi;
	const char *const *choices;
};

enum { COMMAND_ARGS = 5, COMMAND_OPTIONS = 24, CALL_WORDS = 64 };

struct call;

struct command_info {
	const char *name; /* one word, or two ("ugo fit") */
	enum command_class class;
	struct argument_info arg[COMMAND_ARGS];
	struct option_info option[COMMAND_OPTIONS];
	const char *summary; /* one line, starts with a verb */
	const char *text;    /* what else there is to know: sentences */
	const char *example; /* one command line */
	bool (*run)(struct app *app, const struct call *call, struct status *st);
};

extern const struct command_info command_table[]; /* ends with a NULL name */
extern const char *const class_names[];           /* [CLASSES] and NULL */
extern const char *const class_titles[];

/* Words of other programs (gdb, less, vi) that mean a command here; ends with NULL. */
struct alias {
	const char *word, *command;
};
extern const struct alias command_aliases[];

/* Where in the line the fault is; length 0: nowhere. */
struct fault {
	size_t at, length;
};

/* A parsed command line. */
struct word {
	char *text;
	size_t at, length; /* where it stands in the line, bytes */
	bool quoted;       /* never an option */
};

struct call {
	const struct command_info *info; /* NULL: empty line or comment */
	int args;
	const char *arg[CALL_WORDS];
	bool given[COMMAND_OPTIONS];
	const char *value[COMMAND_OPTIONS]; /* of the options given */
	struct word word[CALL_WORDS];       /* owns the text */
	int words;
	char *path[CALL_WORDS]; /* paths whose ~ was replaced; owned */
	int paths;
	const char *line;    /* the caller's */
	struct fault *fault; /* the caller's: a command that fails may say where */
};

/* Parses line, which must outlive the call. Fails with STATUS_USAGE and sets
 * *fault. call need not be initialised; call_done() it in any case. */
bool call_parse(struct call *call, const char *line, struct fault *fault, struct status *st);
void call_done(struct call *call);

/* The command whose name (or unambiguous prefix) starts the words; *used is how
 * many of them it took. */
const struct command_info *command_find(const struct word *word, int words, int *used, struct fault *fault, struct status *st);

/* Splits a line into at most CALL_WORDS words. False: an open quote (*fault) or too many. */
bool words_split(const char *line, struct word *word, int *words, struct fault *fault, struct status *st);

/* Values of arguments and options by name; the default when not given. They were
 * checked by call_parse(). */
bool call_has(const struct call *call, const char *option);
const char *call_text(const struct call *call, const char *option); /* NULL when not given */
long call_int(const struct call *call, const char *option, long otherwise);
double call_real(const struct call *call, const char *option, double otherwise);
int call_choice(const struct call *call, const char *option, int otherwise);
long call_arg_int(const struct call *call, int index, long otherwise);
int call_arg_choice(const struct call *call, int index, int otherwise);

/* Parsers of values; false when text is not one. */
bool value_int(const char *text, double lo, double hi, long *out);
bool value_real(const char *text, double lo, double hi, double *out);
bool value_range(const char *text, double *lo, double *hi);
bool value_size(const char *text, int *columns, int *rows);
/* Whole numbers separated by commas; returns how many, or -1. */
int value_ints(const char *text, int *out, int max, double lo, double hi, bool ascending);
/* Index of the choice that text names or unambiguously starts, or -1. */
int value_choice(const char *text, const char *const *choices);

/* "ugo fit FUNCTION [--hidden N]"; the caller frees. */
char *command_usage(const struct command_info *info);

#endif
