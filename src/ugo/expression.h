/* Expressions in x as programs for a stack; the inside of curves. */
#ifndef SPIKESCOPE_UGO_EXPRESSION_H
#define SPIKESCOPE_UGO_EXPRESSION_H

#include "ugo/curve.h"

/* One instruction: a constant or a call that replaces its arguments by its value. */
struct instruction {
	double constant;
	double (*one)(double);         /* or NULL */
	double (*two)(double, double); /* or NULL */
	bool is_x;
};

enum { EXPRESSION_DEPTH = 64 };

struct expression {
	struct instruction at[EXPRESSION_MOST];
	int count;
};

/* Fails with STATUS_USAGE and the byte of the fault in *at. */
bool expression_parse(struct expression *expression, const char *text, size_t *at, struct status *st);
double expression_eval(const struct expression *expression, double x);

#endif
