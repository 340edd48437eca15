/* Errors as values.
 *
 * A function that can fail takes a `struct status *` as its last parameter and
 * returns false (or NULL). The status then holds a code, which main turns into
 * an exit code, and one line of text that names the thing, the place and the
 * next step. Nobody but the caller prints it.
 *
 *	struct status st = {0};
 *	if (!thing_open(&thing, path, &st))
 *		return complain(&st);
 */
#ifndef SPIKESCOPE_BASE_STATUS_H
#define SPIKESCOPE_BASE_STATUS_H

#include <stdbool.h>

enum status_code {
	STATUS_OK = 0,
	STATUS_FAILED = 1,      /* the command could not do what was asked */
	STATUS_USAGE = 2,       /* the words of a command are wrong */
	STATUS_DATA = 3,        /* a file, model, picture or database is wrong */
	STATUS_CANCELLED = 130, /* the user interrupted it */
};

struct status {
	enum status_code code;
	char message[512]; /* UTF-8, one line, no newline; control characters escaped */
};

/* Sets code and message, keeping an earlier failure if there is one.
 * st may be NULL. Always returns false, so that a function can
 * `return status_fail(st, STATUS_DATA, "...")`. */
bool status_fail(struct status *st, enum status_code code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* status_fail() for an allocation of what; always returns false. */
bool status_nomem(struct status *st, const char *what);

/* Puts "prefix: " before the message of a failure; always returns false. */
bool status_prefix(struct status *st, const char *format, ...) __attribute__((format(printf, 2, 3)));

void status_clear(struct status *st);

#endif
