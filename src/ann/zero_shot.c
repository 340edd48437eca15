#include "ann/zero_shot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Texts that are encoded at once: enough for large products, few enough for memory. */
enum { GROUP_TEXTS = 512 };

struct job {
	const struct text_tower *tower;
	const struct tokenizer *tokenizer;
	const struct zero_shot *prompts;
	const struct progress *progress;
	struct hash *hash;
	struct text_ids *texts; /* [GROUP_TEXTS] */
	int *id;                /* [GROUP_TEXTS, context] */
	float *embedding;       /* [GROUP_TEXTS, projection] */
	double *sum;            /* [projection] of the class so far */
	int64_t done, total;    /* texts; done: before this group */
};

static bool
report(void *ctx, const char *what, double done, double total)
{
	const struct job *job = ctx;

	(void)total;
	return progress_report(job->progress, what, (double)job->done + done, (double)job->total);
}

/* The template with the name for each {}. Fails when that is longer than a text may be. */
static bool
fill_template(const char *template, const char *name, char out[TOKENIZER_TEXT_MAX + 1], struct status *st)
{
	size_t at = 0, length = strlen(name);

	for (const char *c = template; *c; c++) {
		bool here = c[0] == '{' && c[1] == '}';
		size_t n = here ? length : 1;

		if (at + n > TOKENIZER_TEXT_MAX)
			return status_fail(st, STATUS_DATA, "the class \"%.60s\" makes a text longer than %d bytes", name,
					   TOKENIZER_TEXT_MAX);
		memcpy(out + at, here ? name : c, n);
		at += n;
		c += here;
	}
	out[at] = '\0';
	return true;
}

/* Text number `text` of all, templates within classes. */
static bool
encode_text(struct job *job, int64_t text, int at, struct status *st)
{
	const struct zero_shot *p = job->prompts;
	int *ids = job->id + (size_t)at * (size_t)job->tower->context;
	char filled[TOKENIZER_TEXT_MAX + 1];

	if (p->ids) {
		job->texts[at] = p->ids[text];
	} else {
		int n = -1;

		if (fill_template(p->template[text % p->templates], p -> name[text / p->templates], filled, st))
			n = tokenizer_encode(job->tokenizer, filled, job->tower->context, ids, st);
		if (n < 0)
			return false;
		job->texts[at] = (struct text_ids){ids, n};
	}
	hash_add(job->hash, &job->texts[at].count, sizeof(int));
	hash_add(job->hash, job->texts[at].id, (size_t)job->texts[at].count * sizeof(int));
	return true;
}

/* Adds a text's embedding to its class; the last one gives the class its embedding. */
static bool
add_embedding(struct job *job, int64_t text, const float *embedding, float *out, struct status *st)
{
	int templates = job->prompts->ids ? 1 : job->prompts->templates, width = job->tower->projection.out;
	double square = 0;

	for (int i = 0; i < width; i++)
		job->sum[i] += (double)embedding[i];
	if ((text + 1) % templates != 0)
		return true;
	for (int i = 0; i < width; i++)
		square += job->sum[i] * job->sum[i];
	for (int i = 0; i < width; i++)
		out[text / templates * width + i] = (float)(job->sum[i] / sqrt(square));
	memset(job->sum, 0, (size_t)width * sizeof(*job->sum));
	return square > 1e-12 ||
	       status_fail(st, STATUS_DATA, "the templates of class %lld cancel each other out", (long long)(text / templates));
}

static bool
run_groups(struct job *job, float *out, struct status *st)
{
	struct progress progress = {report, job};

	while (job->done < job->total) {
		int n = job->total - job->done < GROUP_TEXTS ? (int)(job->total - job->done) : GROUP_TEXTS;

		for (int i = 0; i < n; i++)
			if (!encode_text(job, job->done + i, i, st))
				return false;
		if (!text_embed(job->tower, job->texts, n, job->embedding, &progress, st))
			return false;
		for (int i = 0; i < n; i++)
			if (!add_embedding(job, job->done + i, job->embedding + (size_t)i * (size_t)job->tower->projection.out,
					   out, st))
				return false;
		job->done += n;
	}
	return true;
}

static bool
check_prompts(const struct text_tower *tower, const struct tokenizer *tokenizer, const struct zero_shot *p, struct status *st)
{
	if (p->classes < 1 || (!p->ids && p->templates < 1))
		return status_fail(st, STATUS_DATA, "there are no classes or no templates");
	if (p->ids)
		return true;
	for (int i = 0; i < p->templates; i++)
		if (!strstr(p->template[i], "{}"))
			return status_fail(st, STATUS_DATA, "the template \"%.100s\" has no {} for the class's name",
					   p->template[i]);
	return tokenizer_size(tokenizer) <= tower->vocabulary ||
	       status_fail(st, STATUS_DATA, "the vocabulary has %d tokens, the text tower knows %d: it is another model's",
			   tokenizer_size(tokenizer), tower->vocabulary);
}

bool
zero_shot_embed(const struct text_tower *tower, const struct tokenizer *tokenizer, const struct zero_shot *prompts,
		float *embeddings, char hash[HASH_HEX], const struct progress *progress, struct status *st)
{
	struct job job = {.tower = tower, .tokenizer = tokenizer, .prompts = prompts, .progress = progress};
	size_t width = (size_t)tower->projection.out;
	bool ok;

	if (!check_prompts(tower, tokenizer, prompts, st))
		return false;
	job.total = (int64_t)prompts->classes * (prompts->ids ? 1 : prompts->templates);
	job.hash = hash_new();
	job.texts = calloc(GROUP_TEXTS, sizeof(*job.texts));
	job.id = calloc(GROUP_TEXTS * (size_t)tower->context, sizeof(*job.id));
	job.embedding = calloc(GROUP_TEXTS * width, sizeof(*job.embedding));
	job.sum = calloc(width, sizeof(*job.sum));
	ok = (job.hash && job.texts && job.id && job.embedding && job.sum) || status_nomem(st, "class embeddings");
	ok = ok && run_groups(&job, embeddings, st);
	if (job.hash)
		hash_finish(job.hash, hash);
	free(job.texts);
	free(job.id);
	free(job.embedding);
	free(job.sum);
	return ok;
}
