/* Small helpers for text that comes from strangers or goes to people. */
#ifndef SPIKESCOPE_BASE_TEXT_H
#define SPIKESCOPE_BASE_TEXT_H

#include <stddef.h>

/* The length in bytes of the character at s, or 0 when it may not be printed: a control character (C1 and DEL
 * included), or no valid UTF-8. */
size_t text_printable(const char *s);

/* Copies in to out[size], replacing what is not printable by \xNN and
 * cutting at a UTF-8 character boundary. out is always terminated (size > 0).
 * Returns out. Valid UTF-8 passes through; invalid bytes become \xNN. */
char *text_escape(const char *in, char *out, size_t size);

/* "1234" -> "1234", "41234" -> "41.2k", "5300000" -> "5.30M"; three significant
 * digits. Returns out. */
char *text_count(double value, char *out, size_t size);

/* Formats printf-style into a new string that the caller frees; NULL when out
 * of memory. */
char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
