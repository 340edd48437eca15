/* Answers of the notebook: asked, kept as a table, printed.
 *
 * For people an answer is read into a table of at most so many rows, since nobody
 * reads more and a question may have millions; what a program reads (CSV, JSON) is
 * passed on row by row and has no end of its own. */
#ifndef SPIKESCOPE_UI_ANSWER_H
#define SPIKESCOPE_UI_ANSWER_H

#include "db/query.h"
#include "ui/output/output.h"
#include "ui/workbench/app.h"

enum { ANSWER_ROWS = 1000, ANSWER_ROWS_MAX = 1000000 };

struct answer_cell {
	enum query_type type; /* a blob is a text that says how long it is */
	int64_t integer;
	double real;
	char *text;
};

struct answer {
	int columns, rows;
	char **name;              /* [columns], each once */
	struct answer_cell *cell; /* [rows, columns] */
	bool more;                /* there were more rows than were wanted */

	/* How the table is looked at. */
	int *order;    /* [rows] */
	int sorted_by; /* column; -1: as it came */
	bool descending;
	int row, column; /* the cursor */
	int top, left;   /* first row and column shown */
};

/* Asks for at most `limit` rows (0: ANSWER_ROWS_MAX). Ctrl-C stops it. NULL on failure. */
struct answer *answer_ask(struct app *app, struct query *query, int limit, struct status *st);
void answer_free(struct answer *answer); /* NULL is fine */

/* Sorts by this column: numbers before text, NULL last, equal rows as they came. */
void answer_sort(struct answer *answer, int column, bool descending);
const struct answer_cell *answer_at(const struct answer *answer, int row, int column); /* in the order of sorting */
int answer_column(const struct answer *answer, const char *name);                      /* -1: none */
/* The cell as people read it; returns out. */
char *answer_text(const struct answer *answer, const struct answer_cell *cell, int column, char *out, size_t size);

/* Adds the rows as a table of this name, or the only row as fields. */
void answer_output(const struct answer *answer, struct output *o, const char *key);
void answer_output_fields(const struct answer *answer, struct output *o);

/* Asks and prints in the format that is set. For people the answer becomes app->answer,
 * which `view table` shows; they are told when it has no rows or more than limit. */
bool answer_print(struct app *app, struct query *query, int limit, struct status *st);

/* The number of an only cell; false when there is no row. */
bool answer_number(struct app *app, const char *sql, const struct query_value *params, int count, double *out, struct status *st);

#endif
