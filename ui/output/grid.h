/* Tables for people: columns side by side, on a line of limited width. */
#ifndef SPIKESCOPE_UI_GRID_H
#define SPIKESCOPE_UI_GRID_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* Prints a table (array of objects, the first one's keys are the columns). columns: cells
 * that a line has, 0: any number. What is too wide loses the ends of its longest texts,
 * then columns, those that matter least first; a last line says which. False when out of
 * memory. */
bool grid_print(const json_t *table, int columns, FILE *out);

/* Of output.c: a value under its key as one cell (the caller frees), the key as a
 * heading (likewise), and blanks. */
char *output_cell(const char *key, const json_t *value);
char *output_heading(const char *key);
void output_pad(FILE *out, int count);

#endif
