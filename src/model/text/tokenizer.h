/* CLIP's tokenizer: byte-level byte pair encoding of lower-case text (OpenAI's
 * clip/simple_tokenizer.py).
 *
 * A text is brought to NFC, curly quotes are made straight, white space becomes single
 * blanks, letters lower case. (Of what OpenAI's code mends besides, HTML entities and
 * wrong encodings are left as they are.) It is cut into words: contractions ('s 't 're 've 'm 'll 'd),
 * runs of letters, single numbers, runs of what is neither (Unicode categories L and N).
 * A word's bytes are joined by the merges, lowest rank first; its last piece has the
 * suffix </w>. The ids stand between those of <|startoftext|> and <|endoftext|>. */
#ifndef SPIKESCOPE_MODEL_TOKENIZER_H
#define SPIKESCOPE_MODEL_TOKENIZER_H

#include "base/status.h"

struct tokenizer;

/* path: a folder with vocab.json and merges.txt, or tokenizer.json, or
 * bpe_simple_vocab_16e6.txt.gz (tried in this order), or one of these files (vocab.json with
 * merges.txt beside it). Fails with STATUS_DATA when there is none or it is broken. */
struct tokenizer *tokenizer_load(const char *path, struct status *st);
void tokenizer_free(struct tokenizer *tokenizer); /* NULL is fine */

int tokenizer_size(const struct tokenizer *tokenizer); /* ids are below this */

enum { TOKENIZER_TEXT_MAX = 4096 };

/* Text to ids [context]; what is longer than context is cut, its last id then that of the end
 * token. Returns how many there are, at least 2; -1 and STATUS_DATA when the text is no UTF-8
 * or longer than TOKENIZER_TEXT_MAX bytes, or context below 2. Thread safe. */
int tokenizer_encode(const struct tokenizer *tokenizer, const char *text, int context, int *ids, struct status *st);

#endif
