/* Answers longer than the terminal, for a pager: what a command prints is held back until
 * it ends, and then written as it is or shown by a program that scrolls. */
#ifndef SPIKESCOPE_UI_PAGER_H
#define SPIKESCOPE_UI_PAGER_H

#include <stdbool.h>
#include <stdio.h>

struct held {
	FILE *file; /* NULL: nothing is held back */
	char *text;
	size_t size;
};

/* Holds back what is written to held->file from now on. False when out of memory. */
bool held_begin(struct held *held);
/* Is there something that others should not be written before? */
bool held_any(struct held *held);
/* Ends the holding and writes all to `to`. */
void held_release(struct held *held, FILE *to);
/* The same, but more than `rows` lines go through the pager: program, or, where that is
 * "auto", $PAGER or less; "off": none. */
void held_page(struct held *held, FILE *to, int rows, const char *program);

#endif
