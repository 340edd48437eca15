/* Results: an object of named values and tables, printed in four formats.
 *
 * A command fills one struct output and prints it once:
 *
 *	struct output o;
 *	output_init(&o);
 *	output_int(&o, "t", 12);
 *	output_floats(&o, "logits", logits, classes);
 *	output_table(&o, "top");
 *	output_row(&o);
 *	output_text(&o, "label", "cat");
 *	output_real(&o, "probability", 0.71);
 *	output_end(&o);
 *	output_print(&o, FORMAT_JSON, out);
 *
 * JSON is one document on one line, keys in the order they were given, floats so
 * that they read back exactly (%.9g), NaN and infinities as null. CSV (RFC 4180,
 * with a header) is the main table: the first one, or the values as one row when
 * there is none. Tables for people and Markdown name each column by its key,
 * shorten numbers and give them their unit. */
#ifndef SPIKESCOPE_UI_OUTPUT_H
#define SPIKESCOPE_UI_OUTPUT_H

#include "ui/workbench/app.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct output {
	json_t *root;  /* object */
	json_t *table; /* the open array of rows, or NULL */
	json_t *row;   /* the open row, or NULL */
	int precision; /* digits of numbers in JSON and CSV: 9, or 17 for doubles */
	bool failed;   /* out of memory: output_print() says so */
};

void output_init(struct output *o);
void output_done(struct output *o);

/* A value of the open row, else of the object. Strings may hold anything; what is
 * not UTF-8 is escaped. */
void output_int(struct output *o, const char *key, int64_t value);
void output_real(struct output *o, const char *key, double value);
void output_bool(struct output *o, const char *key, bool value);
void output_text(struct output *o, const char *key, const char *value); /* NULL: null */
void output_floats(struct output *o, const char *key, const float *value, size_t count);
void output_ints(struct output *o, const char *key, const int *value, size_t count);
void output_null(struct output *o, const char *key);
/* Takes value; NULL counts as out of memory. */
void output_json(struct output *o, const char *key, json_t *value);

/* Opens a table (array of objects) of the object; rows follow until output_end(). */
void output_table(struct output *o, const char *key);
void output_row(struct output *o);
void output_end(struct output *o);

/* Tables for people keep to lines of so many cells from now on; 0 (as it is first): to none.
 * There is one terminal, so this is the program's. */
void output_fit(int columns);

/* Prints and frees. */
bool output_print(struct output *o, enum output_format format, FILE *out, struct status *st);

/* For tables too long to be kept: the object as one row of CSV (its values, no header)
 * or as a JSON object without a newline; frees. */
bool output_print_row(struct output *o, enum output_format format, FILE *out, struct status *st);
void output_csv_line(FILE *out, int count, const char *const *cells);

/* Cells that the text takes on a terminal (wcwidth; control characters take none). */
int output_width(const char *text);

/* A number as people read it under this key: "accuracy" as percent, "seconds" with
 * unit, counts shortened, else four significant digits. Returns out. */
char *output_human(const char *key, double value, char *out, size_t size);

#endif
