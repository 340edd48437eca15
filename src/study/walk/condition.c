#include "study/walk/condition.h"

#include "base/text.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NODES = 64, NESTING = 32, INDICES = 4 };

enum quantity {
	QUANTITY_NUMBER,
	QUANTITY_T,
	QUANTITY_TOP,
	QUANTITY_ANN,
	QUANTITY_LABEL,
	QUANTITY_LOGIT_RMSE,
	QUANTITY_SPIKES,
	QUANTITY_RATE,
	QUANTITY_ERROR,
	QUANTITY_RANGE,
	QUANTITY_VALUE,
	QUANTITY_MEMBRANE,
	QUANTITIES
};

static const char *const quantity_names[QUANTITIES] = {
    [QUANTITY_T] = "t",
    [QUANTITY_TOP] = "top",
    [QUANTITY_ANN] = "ann",
    [QUANTITY_LABEL] = "label",
    [QUANTITY_LOGIT_RMSE] = "logit_rmse",
    [QUANTITY_SPIKES] = "spikes",
    [QUANTITY_RATE] = "rate",
    [QUANTITY_ERROR] = "error",
    [QUANTITY_RANGE] = "range",
    [QUANTITY_VALUE] = "value",
    [QUANTITY_MEMBRANE] = "membrane",
};

const char *const condition_words[] = {"spikes(", "rate(", "error(", "range(", "value(", "membrane(", "logit_rmse",
				       "top",     "ann",   "t",      "label",  "and",    "or",        "not",
				       "all(",    "any(",  "max(",   "min(",   NULL};

/* How many values of sites and elements become one. */
enum fold { FOLD_ANY, FOLD_ALL, FOLD_MAX, FOLD_MIN, FOLDS };

static const char *const fold_names[FOLDS] = {"any", "all", "max", "min"};

enum comparison { LESS, LESS_EQUAL, GREATER, GREATER_EQUAL, EQUAL, NOT_EQUAL, COMPARISONS };

static const char *const comparison_signs[COMPARISONS] = {"<", "<=", ">", ">=", "==", "!="};

/* One number, or one for each site or element that matches. */
struct reading {
	enum quantity quantity;
	enum fold fold;
	double number;
	int *site; /* [sites] indices; NULL unless the quantity is a site's */
	int sites;
	int at[INDICES], ats; /* one element; ats 0: none given */
};

enum node_kind { NODE_COMPARE, NODE_AND, NODE_OR, NODE_NOT };

struct condition_node {
	enum node_kind kind;
	enum comparison comparison;
	bool bare; /* a reading alone, told by whether it is 0 */
	struct reading left, right;
	int a, b; /* children */
};

struct condition {
	char *text;
	const struct model *model;
	struct condition_node node[NODES];
	int nodes, root;
};

/* --- parsing -------------------------------------------------------------- */

struct parser {
	struct condition *c;
	const char *text;
	size_t at;
	int nesting;
	struct condition_fault *fault;
	struct status *st;
};

static bool fail(struct parser *p, size_t at, size_t length, const char *format, ...) __attribute__((format(printf, 4, 5)));

static bool
fail(struct parser *p, size_t at, size_t length, const char *format, ...)
{
	char message[300];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	*p->fault = (struct condition_fault){at, length};
	return status_fail(p->st, STATUS_USAGE, "%s", message);
}

static void
skip_blanks(struct parser *p)
{
	while (isspace((unsigned char)p->text[p->at]))
		p->at++;
}

static bool
is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Takes the word or sign when it stands here. */
static bool
take(struct parser *p, const char *token)
{
	size_t n = strlen(token);

	skip_blanks(p);
	if (strncmp(p->text + p->at, token, n) != 0 || (is_word(token[0]) && is_word(p->text[p->at + n])))
		return false;
	p->at += n;
	return true;
}

static int
new_node(struct parser *p, struct condition_node node)
{
	if (p->c->nodes == NODES) {
		fail(p, p->at, 1, "a condition has at most %d comparisons and operators", NODES);
		free(node.left.site);
		free(node.right.site);
		return -1;
	}
	p->c->node[p->c->nodes] = node;
	return p->c->nodes++;
}

static bool
is_site_quantity(enum quantity q)
{
	return q >= QUANTITY_SPIKES;
}

/* "5,17" between brackets; false when it is something else (a glob's class). */
static bool
parse_index(const char *text, size_t n, struct reading *r)
{
	size_t i = 0;

	r->ats = 0;
	while (i < n) {
		long value = 0;

		while (i < n && text[i] == ' ')
			i++;
		if (i == n || !isdigit((unsigned char)text[i]) || r->ats == INDICES)
			return false;
		for (; i < n && isdigit((unsigned char)text[i]); i++)
			value = value > 100000000 ? value : 10 * value + (text[i] - '0');
		while (i < n && text[i] == ' ')
			i++;
		if (i < n && text[i++] != ',')
			return false;
		r->at[r->ats++] = (int)value;
	}
	return r->ats > 0;
}

/* Does the site have the element that was given? A number more names a hidden neuron. */
static bool
index_fits(const struct model *model, struct site site, const struct reading *r)
{
	int dim[3], dims = site_shape(model, site, dim), extra = r->quantity == QUANTITY_MEMBRANE;

	if (r->ats == 0)
		return true;
	if (r->ats != dims && r->ats != dims + extra)
		return false;
	for (int i = 0; i < dims; i++)
		if (r->at[i] >= dim[i])
			return false;
	return true;
}

static bool
unfit_index(struct parser *p, size_t at, size_t length, struct site site)
{
	int dim[3], dims = site_shape(p->c->model, site, dim);
	char name[SITE_NAME_MAX], shape[48] = "";

	for (int i = 0; i < dims; i++)
		snprintf(shape + strlen(shape), sizeof(shape) - strlen(shape), "%s0..%d", i ? ", " : "", dim[i] - 1);
	return fail(p, at, length, "%s has no such element: it is [%s]", site_name(site, name), shape);
}

static bool
find_sites(struct parser *p, struct reading *r, const char *glob, size_t at, size_t length)
{
	int n = site_count(p->c->model), unfit = -1;
	char shown[SITE_NAME_MAX * 2];

	r->site = malloc((size_t)n * sizeof(*r->site));
	if (!r->site)
		return status_nomem(p->st, "a condition");
	for (int i = 0; i < n; i++) {
		struct site site = site_at(p->c->model, i);

		if (!site_matches(site, glob))
			continue;
		if (index_fits(p->c->model, site, r))
			r->site[r->sites++] = i;
		else
			unfit = i;
	}
	if (r->sites > 0)
		return true;
	if (unfit >= 0)
		return unfit_index(p, at, length, site_at(p->c->model, unfit));
	return fail(p, at, length, "no site matches \"%s\"; type: model", text_escape(glob, shown, sizeof(shown)));
}

/* "(blocks.*.attn[3,5])" */
static bool
parse_site(struct parser *p, struct reading *r)
{
	size_t open, start, end, length;
	const char *bracket;
	char glob[200];

	if (!take(p, "("))
		return fail(p, p->at, 1, "%s needs a site, as %s(blocks.0.attn)", quantity_names[r->quantity],
			    quantity_names[r->quantity]);
	open = p->at - 1;
	skip_blanks(p);
	start = p->at;
	end = start + strcspn(p->text + start, ")");
	if (!p->text[end])
		return fail(p, open, 1, "this parenthesis is not closed");
	p->at = end + 1;
	while (end > start && isspace((unsigned char)p->text[end - 1]))
		end--;
	length = end - start;
	if (length == 0 || length >= sizeof(glob))
		return fail(p, start, 1, "a site is expected here; type: model");
	bracket = memrchr(p->text + start, '[', length);
	if (bracket && p->text[end - 1] == ']' && parse_index(bracket + 1, (size_t)(p->text + end - bracket) - 2, r))
		length = (size_t)(bracket - p->text) - start;
	else
		r->ats = 0;
	memcpy(glob, p->text + start, length);
	glob[length] = '\0';
	if (r->ats > 0 && (r->quantity == QUANTITY_RATE || r->quantity == QUANTITY_RANGE))
		return fail(p, (size_t)(bracket - p->text), 1, "%s is of a whole site, without an index",
			    quantity_names[r->quantity]);
	return find_sites(p, r, glob, start, end - start);
}

/* The class with this label. */
static int
class_named(const struct model *model, const char *word)
{
	char label[64];

	for (int i = 0; i < model->classes; i++)
		if (strcmp(model_label(model, i, label), word) == 0)
			return i;
	return -1;
}

static bool
parse_name(struct parser *p, struct reading *r)
{
	size_t start = p->at, n = 0;
	char word[64];
	int class;

	while (is_word(p->text[start + n]))
		n++;
	snprintf(word, sizeof(word), "%.*s", (int)n, p->text + start);
	for (int q = QUANTITY_T; q < QUANTITIES; q++)
		if (strcmp(word, quantity_names[q]) == 0)
			r->quantity = (enum quantity)q;
	p->at += n;
	if (r->quantity != QUANTITY_NUMBER)
		return !is_site_quantity(r->quantity) || parse_site(p, r);
	class = class_named(p->c->model, word);
	if (class < 0)
		return fail(p, start, n,
			    "\"%s\" is nothing that can be compared; there are spikes, rate, error, range, membrane and value "
			    "of a site (all, any, max, min of many), t, top, ann, label, logit_rmse, and the classes",
			    word);
	r->number = class;
	return true;
}

static bool parse_reading(struct parser *p, struct reading *r);

/* "all(" and its like, when one stands here. */
static bool
take_fold(struct parser *p, enum fold *fold)
{
	size_t start = p->at;

	for (int f = 0; f < FOLDS; f++) {
		if (take(p, fold_names[f]) && take(p, "(")) {
			*fold = (enum fold)f;
			return true;
		}
		p->at = start;
	}
	return false;
}

/* What stands within all(...), and the parenthesis that closes it. */
static bool
parse_folded(struct parser *p, struct reading *r, enum fold fold)
{
	size_t at = p->at;

	if (!parse_reading(p, r))
		return false;
	if (!is_site_quantity(r->quantity) || r->fold != FOLD_ANY)
		return fail(p, at, 1, "%s() is of what sites have, as %s(error(blocks.*))", fold_names[fold], fold_names[fold]);
	r->fold = fold;
	skip_blanks(p);
	if (p->text[p->at] && strchr("<>=!", p->text[p->at]))
		return fail(p, p->at, 1, "the comparison stands outside, as %s(error(blocks.*)) < 0.2", fold_names[fold]);
	return take(p, ")") || fail(p, p->at, 1, "a closing parenthesis is missing");
}

static bool
parse_reading(struct parser *p, struct reading *r)
{
	const char *start;
	enum fold fold;
	char *end;

	*r = (struct reading){.quantity = QUANTITY_NUMBER};
	skip_blanks(p);
	start = p->text + p->at;
	if (!*start)
		return fail(p, p->at, 1, "the condition ends where a number or a quantity is expected");
	if (isdigit((unsigned char)*start) || strchr("+-.", *start)) {
		r->number = strtod(start, &end);
		if (end == start || !isfinite(r->number))
			return fail(p, p->at, 1, "this is not a number");
		p->at += (size_t)(end - start);
		return true;
	}
	if (!isalpha((unsigned char)*start))
		return fail(p, p->at, 1, "a number or a quantity is expected here");
	if (take_fold(p, &fold))
		return parse_folded(p, r, fold);
	return parse_name(p, r);
}

static bool
parse_comparison_sign(struct parser *p, enum comparison *out)
{
	static const enum comparison longest_first[] = {LESS_EQUAL, GREATER_EQUAL, EQUAL, NOT_EQUAL, LESS, GREATER};

	for (size_t i = 0; i < COMPARISONS; i++)
		if (take(p, comparison_signs[longest_first[i]])) {
			*out = longest_first[i];
			return true;
		}
	return false;
}

/* One value whatever the network does? */
static bool
is_single(const struct reading *r)
{
	bool of_element = r->quantity == QUANTITY_VALUE || r->quantity == QUANTITY_MEMBRANE;

	return !is_site_quantity(r->quantity) || r->fold >= FOLD_MAX || (r->sites == 1 && (!of_element || r->ats > 0));
}

static enum comparison
mirrored(enum comparison c)
{
	static const enum comparison other[COMPARISONS] = {GREATER, GREATER_EQUAL, LESS, LESS_EQUAL, EQUAL, NOT_EQUAL};

	return other[c];
}

/* What may be many stands left. */
static bool
set_sides(struct parser *p, struct condition_node *node, size_t right_at)
{
	struct reading left = node->left;

	if (is_single(&node->right))
		return true;
	if (!is_single(&left))
		return fail(p, right_at, 1, "only one side of a comparison may name several values");
	node->left = node->right;
	node->right = left;
	node->comparison = mirrored(node->comparison);
	return true;
}

static void
reading_done(struct reading *r)
{
	free(r->site);
	r->site = NULL;
}

static int
parse_comparison(struct parser *p)
{
	struct condition_node node = {.kind = NODE_COMPARE};
	size_t right_at;

	if (!parse_reading(p, &node.left)) {
		reading_done(&node.left);
		return -1;
	}
	node.bare = !parse_comparison_sign(p, &node.comparison);
	if (node.bare) {
		skip_blanks(p);
		node.comparison = NOT_EQUAL;
		if (p->text[p->at] == '=' || (p->text[p->at] == '!' && p->text[p->at + 1] != '=')) {
			fail(p, p->at, 1, "comparisons are < <= > >= == !=");
			reading_done(&node.left);
			return -1;
		}
		return new_node(p, node);
	}
	skip_blanks(p);
	right_at = p->at;
	if (!parse_reading(p, &node.right) || !set_sides(p, &node, right_at)) {
		reading_done(&node.left);
		reading_done(&node.right);
		return -1;
	}
	return new_node(p, node);
}

static int parse_or(struct parser *p);

static int
parse_inner(struct parser *p)
{
	int inner;

	if (p->nesting == NESTING) {
		fail(p, p->at, 1, "parentheses and `not` nest at most %d deep", NESTING);
		return -1;
	}
	p->nesting++;
	if (take(p, "(")) {
		size_t open = p->at - 1;

		inner = parse_or(p);
		if (inner >= 0 && !take(p, ")")) {
			fail(p, p->text[p->at] ? p->at : open, 1, "a closing parenthesis is missing");
			inner = -1;
		}
	} else if (take(p, "not") || (p->text[p->at] == '!' && p->text[p->at + 1] != '=' && take(p, "!"))) {
		inner = parse_inner(p);
		inner = inner < 0 ? -1 : new_node(p, (struct condition_node){.kind = NODE_NOT, .a = inner});
	} else {
		inner = parse_comparison(p);
	}
	p->nesting--;
	return inner;
}

static int
parse_and(struct parser *p)
{
	int a = parse_inner(p);

	while (a >= 0 && (take(p, "and") || take(p, "&&"))) {
		int b = parse_inner(p);

		a = b < 0 ? -1 : new_node(p, (struct condition_node){.kind = NODE_AND, .a = a, .b = b});
	}
	return a;
}

static int
parse_or(struct parser *p)
{
	int a = parse_and(p);

	while (a >= 0 && (take(p, "or") || take(p, "||"))) {
		int b = parse_and(p);

		a = b < 0 ? -1 : new_node(p, (struct condition_node){.kind = NODE_OR, .a = a, .b = b});
	}
	return a;
}

struct condition *
condition_parse(const char *text, const struct model *model, struct condition_fault *fault, struct status *st)
{
	struct condition *c = calloc(1, sizeof(*c));
	struct parser p = {.c = c, .text = text, .fault = fault, .st = st};

	*fault = (struct condition_fault){0, 0};
	if (!c || !(c->text = strdup(text))) {
		status_nomem(st, "a condition");
		condition_free(c);
		return NULL;
	}
	c->model = model;
	c->root = parse_or(&p);
	skip_blanks(&p);
	if (c->root >= 0 && text[p.at]) {
		fail(&p, p.at, 1, "the condition should end here, or go on with `and` or `or`");
		c->root = -1;
	}
	if (c->root >= 0)
		return c;
	condition_free(c);
	return NULL;
}

void
condition_free(struct condition *c)
{
	if (!c)
		return;
	for (int i = 0; i < c->nodes; i++) {
		reading_done(&c->node[i].left);
		reading_done(&c->node[i].right);
	}
	free(c->text);
	free(c);
}

const char *
condition_text(const struct condition *c)
{
	return c->text;
}

bool
condition_is_value(const struct condition *c)
{
	const struct condition_node *root = &c->node[c->root];

	return root->kind != NODE_COMPARE || !root->bare || is_single(&root->left);
}

/* --- reading -------------------------------------------------------------- */

static enum snn_quantity
element_quantity(enum quantity q)
{
	return q == QUANTITY_SPIKES ? SNN_COUNT : q == QUANTITY_MEMBRANE ? SNN_MEMBRANE : SNN_VALUE;
}

static bool
has_hidden(const struct walk *walk, struct site site)
{
	return walk->plan->site[site_index(walk->model, site)].mode == FUNCTION_MODE_SPIKING;
}

/* Can the quantity be read at the site under this plan? */
static bool
readable(const struct reading *r, const struct walk *walk, struct site site)
{
	const struct site_plan *plan = &walk->plan->site[site_index(walk->model, site)];
	int dim[3], dims = site_shape(walk->model, site, dim);

	switch (r->quantity) {
	case QUANTITY_SPIKES:
	case QUANTITY_RATE:
		return r->ats ? snn_has(walk->snn, site, SNN_COUNT)
			      : snn_has(walk->snn, site, SNN_COUNT) || has_hidden(walk, site);
	case QUANTITY_RANGE:
		return plan->ugo != NULL;
	case QUANTITY_MEMBRANE:
		if (r->ats && has_hidden(walk, site))
			return r->ats == dims || r->at[dims] < plan->ugo->hidden;
		return r->ats <= dims && snn_has(walk->snn, site, SNN_MEMBRANE);
	default:
		return snn_has(walk->snn, site, SNN_VALUE);
	}
}

static bool
check_reading(const struct condition *c, const struct reading *r, const struct walk *walk, struct status *st)
{
	char name[SITE_NAME_MAX];

	if (!is_site_quantity(r->quantity))
		return true;
	for (int i = 0; i < r->sites; i++)
		if (readable(r, walk, site_at(c->model, r->site[i])))
			return true;
	site_name(site_at(c->model, r->site[0]), name);
	if (r->quantity == QUANTITY_MEMBRANE && r->ats == 0 && has_hidden(walk, site_at(c->model, r->site[0])))
		return status_fail(st, STATUS_USAGE, "%s has a group of neurons for each element; name one, as membrane(%s[0,0])",
				   name, name);
	return status_fail(st, STATUS_USAGE, "%s%s has no %s under plan '%s'; type: model %s", name,
			   r->sites > 1 ? " (and those like it)" : "", quantity_names[r->quantity], walk->plan->recipe, name);
}

bool
condition_check(const struct condition *c, const struct walk *walk, struct status *st)
{
	for (int i = 0; i < c->nodes; i++)
		if (c->node[i].kind == NODE_COMPARE &&
		    (!check_reading(c, &c->node[i].left, walk, st) || !check_reading(c, &c->node[i].right, walk, st)))
			return false;
	return true;
}

static size_t
flat_index(const struct model *model, struct site site, const struct reading *r)
{
	int dim[3], dims = site_shape(model, site, dim);
	size_t at = 0;

	for (int i = 0; i < dims; i++)
		at = at * (size_t)dim[i] + (size_t)r->at[i];
	return at;
}

/* Of the hidden neurons of one element: the one asked for, or that with the largest membrane. */
static double
hidden_membrane(const struct walk *walk, struct site site, const struct reading *r, struct condition_found *found)
{
	int hidden = walk->plan->site[site_index(walk->model, site)].ugo->hidden, best = 0, dim[3];
	float *membrane = malloc((size_t)hidden * sizeof(*membrane));
	struct status st = {0};
	double value = 0;

	if (membrane && snn_probe_hidden(walk_network(walk, site), site, found->element, NULL, membrane, &st)) {
		for (int i = 1; i < hidden; i++)
			if (fabsf(membrane[i]) > fabsf(membrane[best]))
				best = i;
		if (r->ats > site_shape(walk->model, site, dim))
			best = r->at[r->ats - 1];
		found->unit = best;
		value = (double)membrane[best];
	}
	free(membrane);
	return value;
}

static double
read_element(const struct walk *walk, struct site site, const struct reading *r, struct condition_found *found)
{
	double value;

	found->has_element = true;
	found->element = flat_index(walk->model, site, r);
	if (r->quantity == QUANTITY_MEMBRANE && has_hidden(walk, site))
		return hidden_membrane(walk, site, r, found);
	value = (double)snn_element(walk_network(walk, site), site, element_quantity(r->quantity), found->element);
	if (r->quantity == QUANTITY_SPIKES)
		return fabs(value);
	if (r->quantity == QUANTITY_ERROR)
		return value - (double)walk->reference.value[site_index(walk->model, site)][found->element];
	return value;
}

static double
read_site_number(const struct walk *walk, struct site site, enum quantity q)
{
	const struct walk_site *s = walk_site_now(walk, site_index(walk->model, site));

	if (!s)
		return 0;
	switch (q) {
	case QUANTITY_SPIKES:
		return (double)s->units;
	case QUANTITY_RATE:
		return (double)s->rate;
	case QUANTITY_RANGE:
		return (double)s->alarms;
	default:
		return (double)s->relative;
	}
}

static double
read_scalar(const struct walk *walk, const struct reading *r)
{
	const struct walk_step *last = walk_last(walk);

	switch (r->quantity) {
	case QUANTITY_T:
		return walk->t;
	case QUANTITY_TOP:
		return last ? last->top : -1;
	case QUANTITY_ANN:
		return walk->ann_top;
	case QUANTITY_LABEL:
		return walk->label;
	case QUANTITY_LOGIT_RMSE:
		return last ? (double)last->logit_rmse : 0;
	default:
		return r->number;
	}
}

static bool
compare(double a, enum comparison c, double b)
{
	switch (c) {
	case LESS:
		return a < b;
	case LESS_EQUAL:
		return a <= b;
	case GREATER:
		return a > b;
	case GREATER_EQUAL:
		return a >= b;
	case EQUAL:
		return a == b;
	default:
		return a != b;
	}
}

/* The first element that compares so. */
static bool
find_equal(const struct walk *walk, struct site site, enum snn_quantity q, enum comparison c, double to,
	   struct condition_found *found)
{
	const struct snn *snn = walk_network(walk, site);
	size_t n = site_size(walk->model, site);

	for (size_t i = 0; i < n; i++) {
		found->value = (double)snn_element(snn, site, q, i);
		found->element = i;
		if (compare(found->value, c, to))
			return true;
	}
	return false;
}

/* Any element of the site: the one that exceeds most. */
static bool
any_element(const struct walk *walk, struct site site, const struct reading *r, enum comparison c, double to,
	    struct condition_found *found)
{
	enum snn_quantity q = element_quantity(r->quantity);
	struct snn_extremes e;

	found->has_element = true;
	/* Extremes decide the others, and are quickly found. */
	if (c == EQUAL || c == NOT_EQUAL)
		return find_equal(walk, site, q, c, to, found);
	snn_extremes(walk_network(walk, site), site, q, &e);
	found->value = (double)(c == LESS || c == LESS_EQUAL ? e.lo : e.hi);
	return compare(found->value, c, to) && find_equal(walk, site, q, EQUAL, found->value, found);
}

static bool
at_site(const struct walk *walk, struct site site, const struct reading *r, enum comparison c, double to,
	struct condition_found *found)
{
	*found = (struct condition_found){.has_site = true, .site = site, .unit = -1};
	if (r->ats == 0 && (r->quantity == QUANTITY_VALUE || r->quantity == QUANTITY_MEMBRANE))
		return any_element(walk, site, r, c, to, found);
	found->value = r->ats > 0 ? read_element(walk, site, r, found) : read_site_number(walk, site, r->quantity);
	return compare(found->value, c, to);
}

/* Is the new finding further out than the one there is? */
static bool
exceeds(double value, enum comparison c, double than)
{
	return c == LESS || c == LESS_EQUAL ? value < than : c == GREATER || c == GREATER_EQUAL ? value > than : false;
}

/* The largest or smallest of all values, and whose it is. */
static void
find_extreme(const struct condition *c, const struct reading *r, const struct walk *walk, bool largest,
	     struct condition_found *found)
{
	enum comparison further = largest ? GREATER : LESS;
	bool any = false;

	for (int i = 0; i < r->sites; i++) {
		struct site site = site_at(c->model, r->site[i]);
		struct condition_found one;

		if (!readable(r, walk, site))
			continue;
		at_site(walk, site, r, further, largest ? -HUGE_VAL : HUGE_VAL, &one);
		if (!any || compare(one.value, further, found->value))
			*found = one;
		any = true;
	}
}

/* Do all compare so? Found is the one that decides: the furthest out, or one that does not. */
static bool
all_true(const struct condition *c, const struct reading *r, enum comparison sign, double to, const struct walk *walk,
	 struct condition_found *found)
{
	struct condition_found least = {.unit = -1};

	if (sign == NOT_EQUAL) {
		for (int i = 0; i < r->sites; i++) {
			struct site site = site_at(c->model, r->site[i]);

			if (readable(r, walk, site) && at_site(walk, site, r, EQUAL, to, found))
				return false;
		}
		return true;
	}
	find_extreme(c, r, walk, sign != GREATER && sign != GREATER_EQUAL, found);
	if (sign == EQUAL) {
		find_extreme(c, r, walk, false, &least);
		if (!compare(least.value, sign, to))
			*found = least;
	}
	return compare(found->value, sign, to);
}

static double
read_single(const struct condition *c, const struct reading *r, const struct walk *walk)
{
	struct condition_found found = {.unit = -1};

	if (!is_site_quantity(r->quantity))
		return read_scalar(walk, r);
	if (r->fold >= FOLD_MAX) {
		find_extreme(c, r, walk, r->fold == FOLD_MAX, &found);
		return found.value;
	}
	at_site(walk, site_at(c->model, r->site[0]), r, NOT_EQUAL, 0, &found);
	return found.value;
}

static bool
compare_true(const struct condition *c, const struct condition_node *node, const struct walk *walk, struct condition_found *found)
{
	double to = node->bare ? 0 : read_single(c, &node->right, walk);
	const struct reading *r = &node->left;
	bool hit = false;

	if (!is_site_quantity(r->quantity)) {
		*found = (struct condition_found){.value = read_scalar(walk, r), .unit = -1};
		return compare(found->value, node->comparison, to);
	}
	if (r->fold == FOLD_ALL)
		return all_true(c, r, node->comparison, to, walk, found);
	if (r->fold >= FOLD_MAX) {
		find_extreme(c, r, walk, r->fold == FOLD_MAX, found);
		return compare(found->value, node->comparison, to);
	}
	for (int i = 0; i < r->sites; i++) {
		struct site site = site_at(c->model, r->site[i]);
		struct condition_found one;
		bool now;

		if (!readable(r, walk, site))
			continue;
		now = at_site(walk, site, r, node->comparison, to, &one);
		if (now ? !hit || exceeds(one.value, node->comparison, found->value) : !hit)
			*found = one;
		hit |= now;
	}
	return hit;
}

static bool
node_true(const struct condition *c, int index, const struct walk *walk, struct condition_found *found)
{
	const struct condition_node *node = &c->node[index];
	struct condition_found other = {.unit = -1};
	bool a, b;

	switch (node->kind) {
	case NODE_COMPARE:
		return compare_true(c, node, walk, found);
	case NODE_NOT:
		return !node_true(c, node->a, walk, found);
	case NODE_OR:
		if (node_true(c, node->a, walk, found))
			return true;
		return node_true(c, node->b, walk, found);
	default:
		a = node_true(c, node->a, walk, found);
		b = a && node_true(c, node->b, walk, &other);
		/* A place says more than a number. */
		if (b && other.has_site && !found->has_site)
			*found = other;
		return b;
	}
}

bool
condition_true(const struct condition *c, const struct walk *walk, struct condition_found *found)
{
	*found = (struct condition_found){.unit = -1};
	return node_true(c, c->root, walk, found);
}

double
condition_value(const struct condition *c, const struct walk *walk, struct condition_found *found)
{
	const struct condition_node *root = &c->node[c->root];
	bool hit = condition_true(c, walk, found);

	return root->kind == NODE_COMPARE && root->bare ? found->value : hit;
}
