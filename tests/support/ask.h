/* Short questions to a store, for tests; a failing one fails the test. */
#ifndef SPIKESCOPE_TESTS_ASK_H
#define SPIKESCOPE_TESTS_ASK_H

#include "db/query.h"

/* The first value of the first row; NaN when it is NULL or when there is no row. */
double ask_number(struct store *store, const char *sql);
/* The same as text, "" for none; valid until the next call. */
const char *ask_text(struct store *store, const char *sql);

#endif
