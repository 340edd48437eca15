/* The log: the last lines that were typed and printed, for the panes to show. */
#ifndef SPIKESCOPE_UI_LOG_H
#define SPIKESCOPE_UI_LOG_H

#include <stdbool.h>
#include <stddef.h>

enum log_kind {
	LOG_COMMAND, /* what was typed */
	LOG_RESULT,  /* what it printed */
	LOG_NOTE,    /* what it said beside */
	LOG_ERROR    /* why it failed */
};

enum { LOG_LINES = 1000 };

struct log_line {
	enum log_kind kind;
	char *text; /* UTF-8, no newline, control characters escaped */
};

struct log {
	struct log_line line[LOG_LINES]; /* a ring: the oldest is dropped when it is full */
	int first, count;
	long added; /* lines ever */
};

/* Adds text, split at newlines. Text that cannot be kept for lack of memory is lost silently. */
void log_add(struct log *log, enum log_kind kind, const char *text, size_t size);
/* The index-th line, 0 is the oldest; NULL past the end. */
const struct log_line *log_at(const struct log *log, int index);
void log_done(struct log *log);

#endif
