/* A vocabulary in one of its forms, and texts to encode. The first byte says which: v for
 * vocab.json, merges.txt and a text; t for tokenizer.json and a text; g for OpenAI's merges, packed. */
#include "tests/fuzz/support/fuzz.h"

#include "model/text/tokenizer.h"

#include <stdlib.h>
#include <string.h>

enum { CONTEXT = 16 };

static void
use(const char *path, const char *text)
{
	struct status st = {0};
	struct tokenizer *t = tokenizer_load(path, &st);
	int ids[CONTEXT], n;

	if (!t) {
		fuzz_refused(&st);
		return;
	}
	n = tokenizer_encode(t, text, CONTEXT, ids, &st);
	if (n < 0)
		fuzz_refused(&st);
	fuzz_check(n < 0 || (n >= 2 && n <= CONTEXT), "as many ids as the context takes");
	for (int i = 0; i < n; i++)
		fuzz_check(ids[i] >= 0 && ids[i] < tokenizer_size(t), "an id is one of the vocabulary");
	tokenizer_free(t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_parts parts = {data + 1, size - 1};
	char *first, *second = NULL, *text;

	if (size == 0)
		return 0;
	if (data[0] == 'g') {
		use(fuzz_write("bpe_simple_vocab_16e6.txt.gz", data + 1, size - 1), "a photo of 2 cats");
		return 0;
	}
	first = fuzz_text(&parts);
	if (data[0] == 'v') {
		second = fuzz_text(&parts);
		fuzz_write("v/vocab.json", first, strlen(first));
		fuzz_write("v/merges.txt", second, strlen(second));
	} else {
		fuzz_write("t/tokenizer.json", first, strlen(first));
	}
	text = fuzz_text(&parts);
	use(fuzz_path(data[0] == 'v' ? "v" : "t"), text);
	free(first);
	free(second);
	free(text);
	return 0;
}
