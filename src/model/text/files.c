/* The files that vocabularies come in. */
#include "base/file.h"
#include "base/text.h"
#include "model/text/parts.h"
#include "model/vit/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { TOKENS_MAX = 1 << 20, LINE_SIZE = 1024, FILE_BYTES_MAX = 64 << 20, BYTES = 256, CLIP_MERGES = 49152 - BYTES - 2 };

static const char open_ai[] = "bpe_simple_vocab_16e6.txt.gz";

void
bpe_source_done(struct bpe_source *source)
{
	arena_free(source->arena);
	free(source->token);
	free(source->merge);
	*source = (struct bpe_source){0};
}

/* '!'..'~', U+00A1..U+00AC and U+00AE..U+00FF stand for themselves, the others for U+0100 and on, in order. */
char *
bpe_byte(uint8_t byte, char out[4])
{
	unsigned c = byte;

	if (byte <= ' ')
		c = 0x100u + byte;
	else if (byte >= 0x7f && byte <= 0xa0)
		c = 0x100u + ' ' + 1u + (byte - 0x7fu);
	else if (byte == 0xad)
		c = 0x100u + ' ' + 1u + 34u;
	out[0] = (char)c;
	out[1] = '\0';
	if (c >= 0x80) {
		out[0] = (char)(0xc0 | (c >> 6));
		out[1] = (char)(0x80 | (c & 0x3f));
		out[2] = '\0';
	}
	return out;
}

/* Room for one more of `used` elements; false when out of memory. */
static bool
grow(void **list, int *room, int used, size_t size)
{
	int more = *room ? 2 * *room : 1024;
	void *larger;

	if (used < *room)
		return true;
	larger = realloc(*list, (size_t)more * size);
	if (!larger)
		return false;
	*list = larger;
	*room = more;
	return true;
}

static bool
set_token(struct bpe_source *s, int64_t id, const char *text, const char *path, struct status *st)
{
	if (id < 0 || id >= TOKENS_MAX)
		return status_fail(st, STATUS_DATA, "%s: token '%.60s' has the id %lld; ids are 0 to %d", path, text,
				   (long long)id, TOKENS_MAX - 1);
	for (; s->tokens <= id; s->tokens++) {
		if (!grow((void **)&s->token, &s->token_room, s->tokens, sizeof(*s->token)))
			return status_nomem(st, "a vocabulary");
		s->token[s->tokens] = NULL;
	}
	s->token[id] = arena_strdup(s->arena, text);
	return s->token[id] || status_nomem(st, "a vocabulary");
}

static bool
add_merge(struct bpe_source *s, const char *left, const char *right, struct status *st)
{
	struct bpe_pair *pair;

	if (s->merges == TOKENS_MAX)
		return status_fail(st, STATUS_DATA, "more than %d merges", TOKENS_MAX);
	if (!grow((void **)&s->merge, &s->merge_room, s->merges, sizeof(*s->merge)))
		return status_nomem(st, "a vocabulary");
	pair = &s->merge[s->merges++];
	*pair = (struct bpe_pair){arena_strdup(s->arena, left), arena_strdup(s->arena, right)};
	return (pair->left && pair->right) || status_nomem(st, "a vocabulary");
}

/* "left right" */
static bool
add_merge_line(struct bpe_source *s, const char *line, struct status *st)
{
	const char *blank = strchr(line, ' ');
	char left[LINE_SIZE];

	if (!blank || blank == line || !blank[1] || strchr(blank + 1, ' ') || (size_t)(blank - line) >= sizeof(left))
		return status_fail(st, STATUS_DATA, "'%.60s' is not a merge of two pieces", line);
	memcpy(left, line, (size_t)(blank - line));
	left[blank - line] = '\0';
	return add_merge(s, left, blank + 1, st);
}

/* One merge a line after a first line that tells the version; gzip or plain. */
static bool
read_merges(struct bpe_source *s, const char *path, int most, struct status *st)
{
	int fd = file_open_fd(path, FILE_BYTES_MAX, st);
	gzFile file = fd < 0 ? NULL : gzdopen(fd, "rb");
	char line[LINE_SIZE];
	int number = 0, error = Z_OK;
	bool ok = fd >= 0 && (file || status_nomem(st, path));

	while (ok && s->merges < most && gzgets(file, line, sizeof(line))) {
		size_t n = strcspn(line, "\r\n");

		number++;
		if (gztell(file) > FILE_BYTES_MAX || (!line[n] && n + 1 == sizeof(line)))
			ok = status_fail(st, STATUS_DATA, "%s: line %d is too long for a merge", path, number);
		line[n] = '\0';
		if (ok && number > 1 && n > 0 && !add_merge_line(s, line, st))
			ok = status_prefix(st, "%s: line %d", path, number);
	}
	if (file)
		gzerror(file, &error);
	if (file && gzclose(file) != Z_OK && error == Z_OK)
		error = Z_DATA_ERROR;
	if (ok && error != Z_OK && !(error == Z_BUF_ERROR && s->merges == most))
		return status_fail(st, STATUS_DATA, "%s: damaged or cut short after line %d", path, number);
	return ok;
}

/* OpenAI's list has merges alone: the vocabulary are bytes, bytes that end a word, merges and two marks. */
static bool
read_open_ai(struct bpe_source *s, const char *path, struct status *st)
{
	static const char *const marks[] = {"<|startoftext|>", "<|endoftext|>"};
	char text[2 * LINE_SIZE], one[4];
	int id = 0;
	bool ok = read_merges(s, path, CLIP_MERGES, st);

	for (int end = 0; end < 2; end++)
		for (int seen = 1; seen >= 0; seen--) /* bytes that stand for themselves come first */
			for (int byte = 0; ok && byte < BYTES; byte++) {
				bool itself = (byte > ' ' && byte < 0x7f) || (byte > 0xa0 && byte != 0xad);

				if (itself != (seen == 1))
					continue;
				snprintf(text, sizeof(text), "%s%s", bpe_byte((uint8_t)byte, one), end ? "</w>" : "");
				ok = set_token(s, id++, text, path, st);
			}
	for (int i = 0; ok && i < s->merges; i++) {
		snprintf(text, sizeof(text), "%s%s", s->merge[i].left, s->merge[i].right);
		ok = set_token(s, id++, text, path, st);
	}
	for (int i = 0; ok && i < 2; i++)
		ok = set_token(s, id++, marks[i], path, st);
	return ok;
}

static bool
take_vocabulary(struct bpe_source *s, json_t *vocabulary, const char *path, struct status *st)
{
	const char *text;
	json_t *id;

	json_object_foreach(vocabulary, text, id)
	{
		if (!json_is_integer(id))
			return status_fail(st, STATUS_DATA, "%s: the id of token '%.60s' is not a whole number", path, text);
		if (!set_token(s, json_integer_value(id), text, path, st))
			return false;
	}
	return true;
}

/* vocab.json and the merges.txt beside it. */
static bool
read_pair(struct bpe_source *s, const char *path, struct status *st)
{
	const char *slash = strrchr(path, '/');
	char *merges = text_format("%.*smerges.txt", slash ? (int)(slash + 1 - path) : 0, path);
	json_t *json = NULL;
	bool ok;

	if (!merges)
		return status_nomem(st, "a file name");
	ok = config_load(path, false, &json, st) && take_vocabulary(s, json, path, st) && read_merges(s, merges, TOKENS_MAX, st);
	json_decref(json);
	free(merges);
	return ok;
}

/* A merge is "left right", or in newer files ["left", "right"]. */
static bool
take_merges(struct bpe_source *s, const json_t *merges, struct status *st)
{
	const json_t *merge;
	size_t i;

	json_array_foreach(merges, i, merge)
	{
		const char *line = json_string_value(merge), *left = json_string_value(json_array_get(merge, 0)),
			   *right = json_string_value(json_array_get(merge, 1));

		if (!line && !(left && right))
			return status_fail(st, STATUS_DATA, "merge %zu is not a merge of two pieces", i);
		if (line ? !add_merge_line(s, line, st) : !add_merge(s, left, right, st))
			return false;
	}
	return true;
}

static bool
take_added(struct bpe_source *s, const json_t *added, const char *path, struct status *st)
{
	const json_t *token;
	size_t i;

	json_array_foreach(added, i, token)
	{
		const char *text = config_text(token, "content");
		const json_t *id = json_object_get(token, "id");

		if (text && json_is_integer(id) && !set_token(s, json_integer_value(id), text, path, st))
			return false;
	}
	return true;
}

/* Hugging Face's tokenizers library. */
static bool
read_tokenizer_json(struct bpe_source *s, const char *path, struct status *st)
{
	json_t *json = NULL, *model;
	const char *suffix;
	bool ok = config_load(path, false, &json, st);

	model = json_object_get(json, "model");
	suffix = config_text(model, "end_of_word_suffix");
	if (ok && (!suffix || strcmp(suffix, "</w>") != 0 || !json_object_get(model, "merges")))
		ok = status_fail(st, STATUS_DATA, "%s: not CLIP's byte pair encoding (end_of_word_suffix </w>)", path);
	ok = ok && take_vocabulary(s, json_object_get(model, "vocab"), path, st) &&
	     (take_merges(s, json_object_get(model, "merges"), st) || status_prefix(st, "%s", path)) &&
	     take_added(s, json_object_get(json, "added_tokens"), path, st);
	json_decref(json);
	return ok;
}

static bool
ends_in(const char *path, const char *end)
{
	size_t n = strlen(path), m = strlen(end);

	return n >= m && strcmp(path + n - m, end) == 0;
}

static bool
read_file(struct bpe_source *s, const char *path, struct status *st)
{
	if (ends_in(path, "tokenizer.json"))
		return read_tokenizer_json(s, path, st);
	if (ends_in(path, ".json"))
		return read_pair(s, path, st);
	return read_open_ai(s, path, st);
}

static bool
read_folder(struct bpe_source *s, const char *folder, struct status *st)
{
	static const char *const names[] = {"vocab.json", "tokenizer.json", open_ai};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char *path = text_format("%s/%s", folder, names[i]);
		bool there = path && access(path, F_OK) == 0, ok = there && read_file(s, path, st);

		free(path);
		if (there)
			return ok;
	}
	return status_fail(
	    st, STATUS_DATA,
	    "%s: no vocabulary here (vocab.json and merges.txt, tokenizer.json, or %s); copy it here or name it with "
	    "--vocabulary",
	    folder, open_ai);
}

bool
bpe_read(struct bpe_source *source, const char *path, struct status *st)
{
	struct stat info;

	*source = (struct bpe_source){.arena = arena_new()};
	if (!source->arena)
		return status_nomem(st, "a vocabulary");
	if (stat(path, &info) != 0)
		return status_fail(st, STATUS_DATA, "%s: %s; give the file of a vocabulary", path, strerror(errno));
	return S_ISDIR(info.st_mode) ? read_folder(source, path, st) : read_file(source, path, st);
}
