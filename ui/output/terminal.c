#include "ui/output/terminal.h"

#include "base/text.h"

#include <ctype.h>
#include <string.h>

/* The length of the sequence at s[size] that sets colours; 0: it is another one; size + 1: it may become one. */
static size_t
color_length(const char *s, size_t size)
{
	size_t n = 2;

	if (size >= 2 && s[1] != '[')
		return 0;
	while (n < size && n < TERMINAL_HELD && (isdigit((unsigned char)s[n]) || s[n] == ';'))
		n++;
	if (n >= TERMINAL_HELD)
		return 0;
	if (n >= size)
		return size + 1;
	return s[n] == 'm' ? n + 1 : 0;
}

/* The length of the character at s[size]; 0: it is none that may be printed; size + 1: it may become one. */
static size_t
character_length(const char *s, size_t size)
{
	unsigned char first = (unsigned char)s[0];
	size_t want = first < 0xc2 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 1;
	char whole[5] = "";

	memcpy(whole, s, want < size ? want : size);
	for (size_t i = 1; i < want; i++) {
		if (i >= size)
			return size + 1;
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			return 0;
	}
	return text_printable(whole);
}

static size_t
unit_length(const char *s, size_t size, bool colors)
{
	if (*s == '\n' || *s == '\t')
		return 1;
	return *s == '\033' && colors ? color_length(s, size) : character_length(s, size);
}

/* Writes what is whole; returns how many bytes that were, or -1. */
static ptrdiff_t
write_whole(FILE *to, bool colors, const char *data, size_t size)
{
	size_t at = 0, n, run = 0; /* run: bytes before `at` that are still to be written */

	for (; at < size; at += n) {
		n = unit_length(data + at, size - at, colors);
		if (n > size - at)
			break;
		run += n;
		if (n > 0)
			continue;
		if (fwrite(data + at - run, 1, run, to) < run || fprintf(to, "\\x%02x", (unsigned char)data[at]) < 0)
			return -1;
		run = 0;
		n = 1;
	}
	return fwrite(data + at - run, 1, run, to) == run ? (ptrdiff_t)at : -1;
}

bool
terminal_write(struct terminal_gate *gate, FILE *to, bool colors, const char *data, size_t size)
{
	ptrdiff_t done;

	/* What was held, byte by byte, until it is whole or turns out to be nothing. */
	while (gate->count > 0 && size > 0) {
		gate->held[gate->count++] = *data++;
		size--;
		done = write_whole(to, colors, gate->held, gate->count);
		if (done < 0)
			return false;
		gate->count -= (size_t)done;
		memmove(gate->held, gate->held + done, gate->count);
	}
	if ((done = write_whole(to, colors, data, size)) < 0)
		return false;
	memcpy(gate->held + gate->count, data + done, size - (size_t)done);
	gate->count += size - (size_t)done;
	return true;
}

bool
terminal_end(struct terminal_gate *gate, FILE *to)
{
	bool ok = true;

	for (size_t i = 0; i < gate->count; i++)
		ok = fprintf(to, "\\x%02x", (unsigned char)gate->held[i]) > 0 && ok;
	gate->count = 0;
	return ok;
}
