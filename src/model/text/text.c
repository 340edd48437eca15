/* Cleaning and cutting text as CLIP does. */
#include "model/text/parts.h"

#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

static bool
is_space(ucs4_t c)
{
	return uc_is_property_white_space(c) || (c >= 0x1c && c <= 0x1f); /* as Python's str has it */
}

/* Quotes that people's editors have curled (as ftfy does it, which CLIP cleans with). */
static ucs4_t
uncurl(ucs4_t c)
{
	if (c == 0x2bc || (c >= 0x2018 && c <= 0x201b))
		return '\'';
	return c >= 0x201c && c <= 0x201f ? '"' : c;
}

/* In place: what it writes is never longer than what it has read. */
static size_t
clean_characters(uint8_t *text, size_t size)
{
	size_t at = 0, out = 0;
	bool space = true; /* none at the start */

	while (at < size) {
		ucs4_t c;

		at += (size_t)u8_mbtouc(&c, text + at, size - at);
		if (!is_space(c)) {
			out += (size_t)u8_uctomb(text + out, uncurl(c), (int)(at - out));
			space = false;
		} else if (!space) {
			text[out++] = ' ';
			space = true;
		}
	}
	return out > 0 && space ? out - 1 : out;
}

uint8_t *
text_clean(const char *text, size_t *size, struct status *st)
{
	const uint8_t *bytes = (const uint8_t *)text;
	size_t n = strlen(text);
	uint8_t *normal, *lower;

	if (u8_check(bytes, n)) {
		status_fail(st, STATUS_DATA, "\"%.100s\" is not UTF-8", text);
		return NULL;
	}
	normal = u8_normalize(UNINORM_NFC, bytes, n, NULL, &n);
	if (normal)
		n = clean_characters(normal, n);
	lower = normal ? u8_tolower(normal, n, NULL, NULL, NULL, size) : NULL;
	free(normal);
	if (!lower)
		status_nomem(st, "a text");
	return lower;
}

enum character { CHARACTER_SPACE, CHARACTER_LETTER, CHARACTER_NUMBER, CHARACTER_OTHER };

static enum character
kind_of(ucs4_t c)
{
	if (is_space(c))
		return CHARACTER_SPACE;
	if (uc_is_general_category(c, UC_CATEGORY_L))
		return CHARACTER_LETTER;
	return uc_is_general_category(c, UC_CATEGORY_N) ? CHARACTER_NUMBER : CHARACTER_OTHER;
}

/* The special tokens, which may stand in a text, and contractions; 0: the text starts with none of them. */
static size_t
fixed_word(const uint8_t *text, size_t size)
{
	static const char *const words[] = {"<|startoftext|>", "<|endoftext|>", "'s", "'t", "'re", "'ve", "'m", "'ll", "'d"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		size_t n = strlen(words[i]);

		if (n <= size && memcmp(text, words[i], n) == 0)
			return n;
	}
	return 0;
}

size_t
text_word(const uint8_t *text, size_t size, size_t *blanks)
{
	size_t start = 0, at, n;
	enum character first = CHARACTER_SPACE;
	ucs4_t c;

	for (at = 0; at < size && first == CHARACTER_SPACE; at += n) {
		start = at;
		n = (size_t)u8_mbtouc(&c, text + at, size - at);
		first = kind_of(c);
	}
	*blanks = start;
	if (first == CHARACTER_SPACE)
		return 0;
	if ((n = fixed_word(text + start, size - start)) > 0)
		return n;
	while (first != CHARACTER_NUMBER && at < size) {
		n = (size_t)u8_mbtouc(&c, text + at, size - at);
		if (kind_of(c) != first)
			break;
		at += n;
	}
	return at - start;
}
