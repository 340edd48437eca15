#include "model/text/tokenizer.h"

#include "model/text/parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Few characters grow when they become lower case or NFC, and those by half to three times. */
enum { CLEAN_MAX = 3 * TOKENIZER_TEXT_MAX };

struct named {
	const char *text;
	int id;
};

struct merge {
	int left, right, rank, joined; /* ids but for the rank */
};

struct tokenizer {
	struct bpe_source source;
	struct named *name; /* [names] sorted by text */
	int names;
	struct merge *merge; /* [merges] sorted by left, then right */
	int merges;
	int byte[2][256]; /* of a byte, and of one that ends a word */
	int start, end;
};

static int
by_text(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->text, ((const struct named *)b)->text);
}

static int
by_pair(const void *a, const void *b)
{
	const struct merge *x = a, *y = b;

	if (x->left != y->left)
		return x->left < y->left ? -1 : 1;
	if (x->right != y->right)
		return x->right < y->right ? -1 : 1;
	return 0;
}

/* -1: there is no such token. */
static int
find_token(const struct tokenizer *t, const char *text)
{
	struct named key = {text, 0}, *found = bsearch(&key, t->name, (size_t)t->names, sizeof(*t->name), by_text);

	return found ? found->id : -1;
}

static bool
index_tokens(struct tokenizer *t)
{
	const struct bpe_source *s = &t->source;

	t->name = calloc((size_t)s->tokens + 1, sizeof(*t->name));
	for (int i = 0; t->name && i < s->tokens; i++)
		if (s->token[i])
			t->name[t->names++] = (struct named){s->token[i], i};
	if (t->name)
		qsort(t->name, (size_t)t->names, sizeof(*t->name), by_text);
	return t->name != NULL;
}

static bool
find_pieces(struct tokenizer *t, const char *path, struct status *st)
{
	char text[16], one[4];

	t->start = find_token(t, "<|startoftext|>");
	t->end = find_token(t, "<|endoftext|>");
	if (t->start < 0 || t->end < 0)
		return status_fail(st, STATUS_DATA, "%s: the vocabulary has no <|startoftext|> and <|endoftext|>; is it CLIP's?",
				   path);
	for (int i = 0; i < 512; i++) {
		int *id = &t->byte[i / 256][i % 256];

		snprintf(text, sizeof(text), "%s%s", bpe_byte((uint8_t)(i % 256), one), i < 256 ? "" : "</w>");
		*id = find_token(t, text);
		if (*id < 0)
			return status_fail(st, STATUS_DATA, "%s: the vocabulary has no '%s'; is it CLIP's?", path, text);
	}
	return true;
}

static bool
index_merge(struct tokenizer *t, int rank, const char *path, struct status *st)
{
	const struct bpe_pair *pair = &t->source.merge[rank];
	struct merge m = {find_token(t, pair->left), find_token(t, pair->right), rank, -1};
	char joined[256];

	if ((size_t)snprintf(joined, sizeof(joined), "%s%s", pair->left, pair->right) < sizeof(joined))
		m.joined = find_token(t, joined);
	if (m.left < 0 || m.right < 0 || m.joined < 0)
		return status_fail(st, STATUS_DATA, "%s: merge %d ('%.40s' '%.40s') is of pieces that the vocabulary has not",
				   path, rank, pair->left, pair->right);
	t->merge[t->merges++] = m;
	return true;
}

static bool
index_merges(struct tokenizer *t, const char *path, struct status *st)
{
	t->merge = calloc((size_t)t->source.merges + 1, sizeof(*t->merge));
	if (!t->merge)
		return status_nomem(st, "a vocabulary");
	for (int i = 0; i < t->source.merges; i++)
		if (!index_merge(t, i, path, st))
			return false;
	qsort(t->merge, (size_t)t->merges, sizeof(*t->merge), by_pair);
	return true;
}

struct tokenizer *
tokenizer_load(const char *path, struct status *st)
{
	struct tokenizer *t = calloc(1, sizeof(*t));

	if (!t) {
		status_nomem(st, "a vocabulary");
		return NULL;
	}
	if (bpe_read(&t->source, path, st) && (index_tokens(t) || status_nomem(st, "a vocabulary")) && find_pieces(t, path, st) &&
	    index_merges(t, path, st))
		return t;
	tokenizer_free(t);
	return NULL;
}

void
tokenizer_free(struct tokenizer *tokenizer)
{
	if (!tokenizer)
		return;
	bpe_source_done(&tokenizer->source);
	free(tokenizer->name);
	free(tokenizer->merge);
	free(tokenizer);
}

int
tokenizer_size(const struct tokenizer *tokenizer)
{
	return tokenizer->source.tokens;
}

static const struct merge *
find_merge(const struct tokenizer *t, int left, int right)
{
	struct merge key = {.left = left, .right = right};

	return bsearch(&key, t->merge, (size_t)t->merges, sizeof(*t->merge), by_pair);
}

/* The merge of lowest rank among neighbours; NULL when none is left. */
static const struct merge *
best_merge(const struct tokenizer *t, const int *piece, int count)
{
	const struct merge *best = NULL;

	for (int i = 0; i + 1 < count; i++) {
		const struct merge *m = find_merge(t, piece[i], piece[i + 1]);

		if (m && (!best || m->rank < best->rank))
			best = m;
	}
	return best;
}

/* Every place where the pair stands, from the left; returns how many pieces are left. */
static int
apply_merge(const struct merge *m, int *piece, int count)
{
	int out = 0;

	for (int i = 0; i < count; i++) {
		bool here = i + 1 < count && piece[i] == m->left && piece[i + 1] == m->right;

		piece[out++] = here ? m->joined : piece[i];
		i += here;
	}
	return out;
}

/* piece: room for one id a byte. */
static int
encode_word(const struct tokenizer *t, const uint8_t *word, size_t size, int *piece)
{
	const struct merge *m;
	int count = (int)size;

	if (size == strlen("<|startoftext|>") && memcmp(word, "<|startoftext|>", size) == 0)
		return *piece = t->start, 1;
	if (size == strlen("<|endoftext|>") && memcmp(word, "<|endoftext|>", size) == 0)
		return *piece = t->end, 1;
	for (int i = 0; i < count; i++)
		piece[i] = t->byte[i + 1 == count][word[i]];
	while ((m = best_merge(t, piece, count)))
		count = apply_merge(m, piece, count);
	return count;
}

/* The words of a clean text until context - 1 ids are there or the text ends. */
static int
encode_words(const struct tokenizer *t, const uint8_t *text, size_t size, int context, int *ids)
{
	int piece[CLEAN_MAX], count = 0;
	size_t at = 0, n, blanks;

	ids[count++] = t->start;
	while (count < context - 1 && (n = text_word(text + at, size - at, &blanks)) > 0) {
		int pieces = encode_word(t, text + at + blanks, n, piece);

		for (int i = 0; i < pieces && count < context - 1; i++)
			ids[count++] = piece[i];
		at += blanks + n;
	}
	ids[count++] = t->end;
	return count;
}

int
tokenizer_encode(const struct tokenizer *tokenizer, const char *text, int context, int *ids, struct status *st)
{
	size_t size;
	uint8_t *clean;
	int count = -1;

	if (context < 2) {
		status_fail(st, STATUS_DATA, "a text tower of %d tokens has no room for a text", context);
		return -1;
	}
	if (strlen(text) > TOKENIZER_TEXT_MAX) {
		status_fail(st, STATUS_DATA, "the text \"%.60s...\" is longer than %d bytes", text, TOKENIZER_TEXT_MAX);
		return -1;
	}
	clean = text_clean(text, &size, st);
	if (!clean)
		return -1;
	if (size <= CLEAN_MAX)
		count = encode_words(tokenizer, clean, size, context, ids);
	else
		status_fail(st, STATUS_DATA, "the text \"%.60s...\" is longer than %d bytes in lower case", text, CLEAN_MAX);
	free(clean);
	return count;
}
