#include "ui/scene/log.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* The length of the terminal sequence (colours) at s, or 0. */
static size_t
sequence(const char *s, size_t size)
{
	size_t n = 2;

	if (size < 2 || s[0] != '\033' || s[1] != '[')
		return 0;
	while (n < size && (unsigned char)s[n] < 0x40)
		n++;
	return n < size ? n + 1 : size;
}

static void
add_line(struct log *log, enum log_kind kind, const char *text, size_t size)
{
	char *plain = malloc(size + 1), *escaped = malloc(4 * size + 1);
	struct log_line *slot;
	size_t n = 0;

	for (size_t i = 0; plain && i < size;) {
		size_t skip = sequence(text + i, size - i);
		if (skip == 0 && text[i] != '\0')
			plain[n++] = text[i];
		i += skip ? skip : 1;
	}
	if (plain)
		plain[n] = '\0';
	if (!plain || !escaped) {
		free(plain);
		free(escaped);
		return;
	}
	text_escape(plain, escaped, 4 * size + 1);
	free(plain);
	log->added++;
	if (log->count == LOG_LINES) {
		free(log->line[log->first].text);
		log->first = (log->first + 1) % LOG_LINES;
		log->count--;
	}
	slot = &log->line[(log->first + log->count++) % LOG_LINES];
	slot->kind = kind;
	slot->text = escaped;
}

void
log_add(struct log *log, enum log_kind kind, const char *text, size_t size)
{
	for (;;) {
		const char *end = memchr(text, '\n', size);
		size_t n = end ? (size_t)(end - text) : size;

		add_line(log, kind, text, n);
		if (!end || n + 1 == size)
			return;
		text += n + 1;
		size -= n + 1;
	}
}

const struct log_line *
log_at(const struct log *log, int index)
{
	if (index < 0 || index >= log->count)
		return NULL;
	return &log->line[(log->first + index) % LOG_LINES];
}

void
log_done(struct log *log)
{
	for (int i = 0; i < log->count; i++)
		free(log->line[(log->first + i) % LOG_LINES].text);
	log->first = log->count = 0;
}
