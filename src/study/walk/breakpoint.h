/* Breakpoints and watches: conditions that are asked after every step.
 *
 * A breakpoint stops when its condition is true. A watch stops when its value is
 * another one than after the step before; a silent watch only follows it. They are
 * numbered from 1, and numbers are not used again. They outlive the model and the
 * plan: breakpoints_bind() reads them anew for what is loaded now, and those that
 * make no sense there sleep until they do. */
#ifndef SPIKESCOPE_STUDY_BREAKPOINT_H
#define SPIKESCOPE_STUDY_BREAKPOINT_H

#include "study/walk/condition.h"

struct breakpoint {
	int number;
	char *text;
	bool is_watch, is_silent;
	bool enabled;
	struct condition *condition; /* NULL: sleeps */
	int hits;
	int last_t; /* of the last hit; 0: none */
	bool known; /* watch: value was read */
	double value, before;
	struct condition_found found; /* where, at the last hit or reading */
};

struct breakpoints {
	struct breakpoint *list; /* ascending numbers */
	int count, capacity, last_number;
};

enum { BREAKPOINTS_MAX = 256 };

/* Adds one; NULL when the text is no condition (STATUS_USAGE, *fault), cannot be read
 * under the walk's plan, or is no single value to watch. walk may be NULL: not yet
 * converted, so that only the text is checked. The result is valid until the next call. */
struct breakpoint *breakpoints_add(struct breakpoints *b, const char *text, bool is_watch, bool is_silent,
				   const struct model *model, const struct walk *walk, struct condition_fault *fault,
				   struct status *st);
struct breakpoint *breakpoints_find(struct breakpoints *b, int number); /* NULL: no such number */
void breakpoints_remove(struct breakpoints *b, int number);
void breakpoints_done(struct breakpoints *b);

/* Another model or plan: walk may be NULL. */
void breakpoints_bind(struct breakpoints *b, const struct model *model, const struct walk *walk);
/* Reads what is watched where the walk is now, so that the next step compares with it. */
void breakpoints_look(struct breakpoints *b, const struct walk *walk);
/* After a step: counts those that are hit, and returns the first one that stops, or NULL. */
struct breakpoint *breakpoints_after_step(struct breakpoints *b, const struct walk *walk);

#endif
