#include "base/text.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The length of the valid UTF-8 sequence at s, or 0. */
static size_t
sequence_length(const unsigned char *s)
{
	size_t n, i;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		n = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		n = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		n = 4;
	else
		return 0;
	for (i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
	    (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	if (s[0] == 0xc2 && s[1] < 0xa0)
		return 0; /* C1 controls drive terminals too */
	return n;
}

size_t
text_printable(const char *s)
{
	unsigned char first = (unsigned char)*s;

	return first < 0x20 || first == 0x7f ? 0 : sequence_length((const unsigned char *)s);
}

char *
text_escape(const char *in, char *out, size_t size)
{
	const unsigned char *s = (const unsigned char *)in;
	size_t at = 0;

	while (*s) {
		size_t n = text_printable((const char *)s), need = n > 0 ? n : 4;

		if (at + need + 1 > size)
			break;
		if (n > 0) {
			memcpy(out + at, s, n);
			s += n;
		} else {
			snprintf(out + at, size - at, "\\x%02x", *s);
			s++;
		}
		at += need;
	}
	out[at] = '\0';
	return out;
}

char *
text_count(double value, char *out, size_t size)
{
	static const char unit[] = {0, 'k', 'M', 'G', 'T'};
	size_t i = 0;

	if (!isfinite(value)) {
		snprintf(out, size, "!");
		return out;
	}
	if (fabs(value) < 10000) {
		snprintf(out, size, value == floor(value) ? "%.0f" : "%.3g", value);
		return out;
	}
	while (fabs(value) >= 999.5 && i + 1 < sizeof(unit)) {
		value /= 1000;
		i++;
	}
	snprintf(out, size, "%.*f%c", fabs(value) < 9.995 ? 2 : fabs(value) < 99.95 ? 1 : 0, value, unit[i]);
	return out;
}

char *
text_format(const char *format, ...)
{
	va_list args;
	char *out;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0 || !(out = malloc((size_t)n + 1)))
		return NULL;
	va_start(args, format);
	vsnprintf(out, (size_t)n + 1, format, args);
	va_end(args);
	return out;
}
