/* The parts of the tokenizer. Private to src/model. */
#ifndef SPIKESCOPE_MODEL_TOKENIZER_PARTS_H
#define SPIKESCOPE_MODEL_TOKENIZER_PARTS_H

#include "base/arena.h"
#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

/* What the files of a vocabulary say. */
struct bpe_pair {
	const char *left, *right;
};
struct bpe_source {
	struct arena *arena; /* of the texts */
	const char **token;  /* [tokens] by id; NULL where there is none; malloc'ed, as are the merges */
	int tokens, token_room;
	struct bpe_pair *merge; /* [merges] by rank */
	int merges, merge_room;
};

/* A path as tokenizer_load() takes it. */
bool bpe_read(struct bpe_source *source, const char *path, struct status *st);
void bpe_source_done(struct bpe_source *source);

/* How vocabularies spell the byte: as a character that can be seen. Writes UTF-8 and a terminator; returns out. */
char *bpe_byte(uint8_t byte, char out[4]);

/* The text as words are cut from it; a new string of *size bytes that the caller frees. NULL (and st) when it is not UTF-8,
 * or out of memory. */
uint8_t *text_clean(const char *text, size_t *size, struct status *st);
/* The bytes of the first word of the clean text, which follow the blanks that are skipped; 0 at the end. */
size_t text_word(const uint8_t *text, size_t size, size_t *blanks);

#endif
