/* The words of the field and of this program, each explained once. */
#ifndef SPIKESCOPE_UI_WORDS_H
#define SPIKESCOPE_UI_WORDS_H

struct word_info {
	const char *word, *text;
	const char *also; /* other words for it, between blanks; "" without */
};

extern const struct word_info word_table[]; /* ends with a NULL word */

/* The entry of a word, in any case, singular or plural; NULL: there is none. */
const struct word_info *word_find(const char *word);

#endif
