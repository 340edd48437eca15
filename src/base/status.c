#include "base/status.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool
status_fail(struct status *st, enum status_code code, const char *format, ...)
{
	char raw[sizeof(st->message)];
	va_list args;

	if (!st || st->code != STATUS_OK)
		return false;
	va_start(args, format);
	vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	st->code = code;
	text_escape(raw, st->message, sizeof(st->message));
	return false;
}

bool
status_nomem(struct status *st, const char *what)
{
	return status_fail(st, STATUS_FAILED, "out of memory for %s; close other programs or use a smaller model", what);
}

bool
status_prefix(struct status *st, const char *format, ...)
{
	char prefix[sizeof(st->message)], whole[2 * sizeof(st->message) + 4];
	va_list args;

	if (!st)
		return false;
	va_start(args, format);
	vsnprintf(prefix, sizeof(prefix), format, args);
	va_end(args);
	snprintf(whole, sizeof(whole), "%s: %s", prefix, st->message);
	text_escape(whole, st->message, sizeof(st->message));
	return false;
}

void
status_clear(struct status *st)
{
	memset(st, 0, sizeof(*st));
}
