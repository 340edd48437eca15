/* What is printed to a terminal: the last thing between text and it.
 *
 * Texts of strangers are escaped where they are put into a line (text_escape()); this is the gate behind all of these
 * places. It lets through printable UTF-8, newlines, tabs and, where they are wanted, the sequences that set colours.
 * Every other control character, C1 and DEL included, and what is no UTF-8 goes out as \xNN. */
#ifndef SPIKESCOPE_UI_OUTPUT_TERMINAL_H
#define SPIKESCOPE_UI_OUTPUT_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { TERMINAL_HELD = 32 };

/* Zeros are a new one. */
struct terminal_gate {
	char held[TERMINAL_HELD]; /* the beginning of what is not whole yet */
	size_t count;
};

/* False when to cannot be written. */
bool terminal_write(struct terminal_gate *gate, FILE *to, bool colors, const char *data, size_t size);

/* Nothing comes after what is held: it goes out as it is, escaped. */
bool terminal_end(struct terminal_gate *gate, FILE *to);

#endif
