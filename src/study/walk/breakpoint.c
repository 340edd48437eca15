#include "study/walk/breakpoint.h"

#include <stdlib.h>
#include <string.h>

static bool
reserve(struct breakpoints *b, struct status *st)
{
	int capacity = b->capacity ? 2 * b->capacity : 8;
	struct breakpoint *grown;

	if (b->count == BREAKPOINTS_MAX)
		return status_fail(st, STATUS_USAGE, "there are %d breakpoints; type: delete N", b->count);
	if (b->count < b->capacity)
		return true;
	grown = realloc(b->list, (size_t)capacity * sizeof(*grown));
	if (!grown)
		return status_nomem(st, "a breakpoint");
	b->list = grown;
	b->capacity = capacity;
	return true;
}

static struct condition *
read_condition(const char *text, bool is_watch, const struct model *model, const struct walk *walk, struct condition_fault *fault,
	       struct status *st)
{
	struct condition *c = condition_parse(text, model, fault, st);

	if (!c)
		return NULL;
	if (is_watch && !condition_is_value(c))
		status_fail(st, STATUS_USAGE, "a watch follows one value, as membrane(blocks.0.attn.q[3,5]); break stops at any");
	else if (!walk || condition_check(c, walk, st))
		return c;
	condition_free(c);
	return NULL;
}

struct breakpoint *
breakpoints_add(struct breakpoints *b, const char *text, bool is_watch, bool is_silent, const struct model *model,
		const struct walk *walk, struct condition_fault *fault, struct status *st)
{
	struct breakpoint new = {.is_watch = is_watch, .is_silent = is_silent, .enabled = true};

	if (!reserve(b, st))
		return NULL;
	new.condition = read_condition(text, is_watch, model, walk, fault, st);
	if (!new.condition)
		return NULL;
	new.text = strdup(text);
	if (!new.text) {
		condition_free(new.condition);
		status_nomem(st, "a breakpoint");
		return NULL;
	}
	new.number = ++b->last_number;
	b->list[b->count++] = new;
	return &b->list[b->count - 1];
}

struct breakpoint *
breakpoints_find(struct breakpoints *b, int number)
{
	for (int i = 0; i < b->count; i++)
		if (b->list[i].number == number)
			return &b->list[i];
	return NULL;
}

static void
breakpoint_done(struct breakpoint *p)
{
	condition_free(p->condition);
	free(p->text);
}

void
breakpoints_remove(struct breakpoints *b, int number)
{
	struct breakpoint *p = breakpoints_find(b, number);
	int at = p ? (int)(p - b->list) : b->count;

	if (!p)
		return;
	breakpoint_done(p);
	memmove(p, p + 1, (size_t)(--b->count - at) * sizeof(*p));
}

void
breakpoints_done(struct breakpoints *b)
{
	for (int i = 0; i < b->count; i++)
		breakpoint_done(&b->list[i]);
	free(b->list);
	*b = (struct breakpoints){0};
}

void
breakpoints_bind(struct breakpoints *b, const struct model *model, const struct walk *walk)
{
	for (int i = 0; i < b->count; i++) {
		struct breakpoint *p = &b->list[i];
		struct condition_fault fault;
		struct status st = {0};

		condition_free(p->condition);
		p->condition = model ? read_condition(p->text, p->is_watch, model, walk, &fault, &st) : NULL;
		p->known = false;
	}
}

static double
read_watch(struct breakpoint *p, const struct walk *walk)
{
	p->before = p->value;
	p->value = condition_value(p->condition, walk, &p->found);
	p->known = true;
	return p->value;
}

void
breakpoints_look(struct breakpoints *b, const struct walk *walk)
{
	for (int i = 0; i < b->count; i++)
		if (b->list[i].is_watch && b->list[i].condition)
			read_watch(&b->list[i], walk);
}

static bool
is_hit(struct breakpoint *p, const struct walk *walk)
{
	bool known = p->known;

	if (!p->is_watch)
		return condition_true(p->condition, walk, &p->found);
	return (read_watch(p, walk) != p->before) & known;
}

struct breakpoint *
breakpoints_after_step(struct breakpoints *b, const struct walk *walk)
{
	struct breakpoint *first = NULL;

	for (int i = 0; i < b->count; i++) {
		struct breakpoint *p = &b->list[i];

		if (!p->enabled || !p->condition || !is_hit(p, walk))
			continue;
		p->hits++;
		p->last_t = walk->t;
		if (!first && !p->is_silent)
			first = p;
	}
	return first;
}
