#include "ui/shell/command.h"

#include "base/text.h"
#include "ui/workbench/paths.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- values --------------------------------------------------------------- */

bool
value_real(const char *text, double lo, double hi, double *out)
{
	char *end;
	double v;

	if (!*text || isspace((unsigned char)*text))
		return false;
	v = strtod(text, &end);
	if (*end || !isfinite(v) || v < lo || v > hi)
		return false;
	*out = v;
	return true;
}

bool
value_int(const char *text, double lo, double hi, long *out)
{
	char *end;
	long v;

	if (!*text || isspace((unsigned char)*text))
		return false;
	errno = 0;
	v = strtol(text, &end, 10);
	if (*end || errno || (double)v < lo || (double)v > hi)
		return false;
	*out = v;
	return true;
}

bool
value_range(const char *text, double *lo, double *hi)
{
	char first[64];
	const char *comma = strchr(text, ',');

	if (!comma || (size_t)(comma - text) >= sizeof(first))
		return false;
	memcpy(first, text, (size_t)(comma - text));
	first[comma - text] = '\0';
	return value_real(first, -HUGE_VAL, HUGE_VAL, lo) && value_real(comma + 1, -HUGE_VAL, HUGE_VAL, hi) && *lo < *hi;
}

bool
value_size(const char *text, int *columns, int *rows)
{
	char first[16];
	const char *x = strchr(text, 'x');
	long c, r;

	if (!x || (size_t)(x - text) >= sizeof(first))
		return false;
	memcpy(first, text, (size_t)(x - text));
	first[x - text] = '\0';
	if (!value_int(first, 1, 1000, &c) || !value_int(x + 1, 1, 1000, &r))
		return false;
	*columns = (int)c;
	*rows = (int)r;
	return true;
}

int
value_ints(const char *text, int *out, int max, double lo, double hi, bool ascending)
{
	char number[24];
	int n = 0;

	for (;;) {
		size_t length = strcspn(text, ",");
		long v;

		if (length >= sizeof(number) || n == max)
			return -1;
		memcpy(number, text, length);
		number[length] = '\0';
		if (!value_int(number, lo, fmin(hi, INT_MAX), &v) || (ascending && n > 0 && v <= out[n - 1]))
			return -1;
		out[n++] = (int)v;
		if (!text[length])
			return n;
		text += length + 1;
	}
}

int
value_choice(const char *text, const char *const *choices)
{
	int found = -1;

	for (int i = 0; choices[i]; i++) {
		if (strcmp(choices[i], text) == 0)
			return i;
		if (*text && strncmp(choices[i], text, strlen(text)) == 0)
			found = found == -1 ? i : -2;
	}
	return found < 0 ? -1 : found;
}

/* --- words ---------------------------------------------------------------- */

/* Copies the word at *s without its quotes to out, which has room for it. False: open quote. */
static bool
word_copy(const char **s, char *out, bool *quoted)
{
	const char *p = *s;
	char quote = 0;

	while (*p && (quote || !isspace((unsigned char)*p))) {
		if (quote ? *p == quote : (*p == '\'' || *p == '"')) {
			quote = quote ? 0 : *p;
			*quoted = true;
			p++;
			continue;
		}
		if (*p == '\\' && quote != '\'' && p[1])
			p++;
		*out++ = *p++;
	}
	*out = '\0';
	*s = p;
	return !quote;
}

bool
words_split(const char *line, struct word *word, int *words, struct fault *fault, struct status *st)
{
	const char *s = line;

	*words = 0;
	for (;;) {
		struct word *w = &word[*words];

		s += strspn(s, " \t\r\n");
		if (!*s)
			return true;
		fault->at = (size_t)(s - line);
		fault->length = 1;
		if (*words == CALL_WORDS)
			return status_fail(st, STATUS_USAGE, "more than %d words; split the line", CALL_WORDS);
		w->text = malloc(strlen(s) + 1);
		if (!w->text)
			return status_nomem(st, "a command line");
		w->at = (size_t)(s - line);
		w->quoted = false;
		++*words;
		if (!word_copy(&s, w->text, &w->quoted))
			return status_fail(st, STATUS_USAGE, "a quote is not closed; close it, or escape it with a backslash");
		w->length = (size_t)(s - line) - w->at;
	}
}

static bool
word_fault(const struct word *word, struct fault *fault)
{
	fault->at = word->at;
	fault->length = word->length;
	return false;
}

/* --- finding commands ----------------------------------------------------- */

static int
edit_distance(const char *a, const char *b)
{
	enum { LONGEST = 24 };
	int row[LONGEST + 1];
	size_t la = strlen(a), lb = strlen(b);

	if (la > LONGEST || lb > LONGEST)
		return LONGEST;
	for (size_t j = 0; j <= lb; j++)
		row[j] = (int)j;
	for (size_t i = 1; i <= la; i++) {
		int diagonal = row[0];
		row[0] = (int)i;
		for (size_t j = 1; j <= lb; j++) {
			int best = diagonal + (a[i - 1] != b[j - 1]);
			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[lb];
}

/* The index-th word of a command's name; false when it has no such word. */
static bool
name_word(const char *name, int index, char out[32])
{
	for (; index > 0; index--) {
		name = strchr(name, ' ');
		if (!name)
			return false;
		name++;
	}
	snprintf(out, 32, "%.*s", (int)strcspn(name, " "), name);
	return true;
}

/* Names of commands that agree with `chosen` in the words before `level`: the
 * distinct words at that level which start with text go to the list. */
enum { CANDIDATES = 256 }; /* more than there are commands */
struct candidates {
	char word[CANDIDATES][32];
	int count, exact;
};

static void
candidates_find(struct candidates *c, const char *text, int level, const char *first)
{
	c->count = 0;
	c->exact = -1;
	for (const struct command_info *i = command_table; i->name && c->count < CANDIDATES; i++) {
		char head[32], word[32];

		if (level == 1 && (!name_word(i->name, 0, head) || strcmp(head, first) != 0))
			continue;
		if (!name_word(i->name, level, word) || strncmp(word, text, strlen(text)) != 0)
			continue;
		if (c->count > 0 && strcmp(c->word[c->count - 1], word) == 0)
			continue;
		if (strcmp(word, text) == 0)
			c->exact = c->count;
		memcpy(c->word[c->count++], word, sizeof(word));
	}
}

static void
candidates_join(const struct candidates *c, const char *conjunction, char *out, size_t size)
{
	size_t at = 0;

	out[0] = '\0';
	for (int i = 0; i < c->count && at < size; i++)
		at += (size_t)snprintf(out + at, size - at, "%s%s",
				       i == 0              ? ""
				       : i + 1 == c->count ? conjunction
							   : ", ",
				       c->word[i]);
}

static bool
command_unknown(const char *text, int level, const char *first, struct status *st)
{
	struct candidates all;
	const char *nearest = NULL;
	int best = 3;

	candidates_find(&all, "", level, first);
	for (int i = 0; i < all.count; i++) {
		int d = edit_distance(text, all.word[i]);
		/* Two letters of a short word are most of it, unless it begins alike. */
		if (d == 2 && strlen(text) < 4 && text[0] != all.word[i][0])
			continue;
		if (d < best && d < (int)strlen(all.word[i])) {
			best = d;
			nearest = all.word[i];
		}
	}
	if (nearest)
		return status_fail(st, STATUS_USAGE, "there is no command \"%s%s%s\"; did you mean \"%s\"?", first,
				   *first ? " " : "", text, nearest);
	return status_fail(st, STATUS_USAGE, "there is no command \"%s%s%s\"; type: help", first, *first ? " " : "", text);
}

/* Resolves one word of a name; NULL after a failure. */
static bool
resolve(const struct word *word, int level, const char *first, char out[32], struct fault *fault, struct status *st)
{
	struct candidates c;
	char list[300];

	candidates_find(&c, word->text, level, first);
	if (c.count == 0) {
		word_fault(word, fault);
		return command_unknown(word->text, level, first, st);
	}
	if (c.count > 1 && c.exact < 0) {
		candidates_join(&c, " or ", list, sizeof(list));
		word_fault(word, fault);
		return status_fail(st, STATUS_USAGE, "\"%s\" may be %s; type more of it", word->text, list);
	}
	memcpy(out, c.word[c.exact < 0 ? 0 : c.exact], 32);
	return true;
}

static const struct command_info *
command_named(const char *name)
{
	for (const struct command_info *i = command_table; i->name; i++)
		if (strcmp(i->name, name) == 0)
			return i;
	return NULL;
}

const struct alias command_aliases[] = {{"?", "help"},      {"h", "help"},       {"q", "quit"},        {"exit", "quit"},
					{"next", "step"},   {"continue", "run"}, {"finish", "step"},   {"bt", "state"},
					{"where", "state"}, {"man", "help"},     {"describe", "help"}, {NULL, NULL}};

static const struct command_info *
alias_find(const char *word)
{
	for (const struct alias *a = command_aliases; a->word; a++)
		if (strcmp(a->word, word) == 0)
			return command_named(a->command);
	return NULL;
}

const struct command_info *
command_find(const struct word *word, int words, int *used, struct fault *fault, struct status *st)
{
	char first[32], second[32], name[80], list[300];
	const struct command_info *info;
	struct candidates c;

	*used = 1;
	if ((info = alias_find(word[0].text)))
		return info;
	if (!resolve(&word[0], 0, "", first, fault, st))
		return NULL;
	candidates_find(&c, "", 1, first);
	info = command_named(first);
	if (c.count == 0)
		return info;
	if (words < 2) {
		candidates_join(&c, " or ", list, sizeof(list));
		word_fault(&word[0], fault);
		if (!info)
			status_fail(st, STATUS_USAGE, "%s what? %s", first, list);
		return info;
	}
	/* "layout neurons" is no "layout list". */
	if (info && info->arg[0].name) {
		candidates_find(&c, word[1].text, 1, first);
		if (c.count == 0)
			return info;
	}
	if (!resolve(&word[1], 1, first, second, fault, st))
		return NULL;
	*used = 2;
	snprintf(name, sizeof(name), "%s %s", first, second);
	return command_named(name);
}

/* --- parsing a call ------------------------------------------------------- */

static int
option_find(const struct command_info *info, const char *name, size_t length, struct status *st)
{
	int found = -1;

	for (int i = 0; i < COMMAND_OPTIONS && info->option[i].name; i++) {
		const char *candidate = info->option[i].name;
		if (strncmp(candidate, name, length) != 0)
			continue;
		if (strlen(candidate) == length)
			return i;
		if (found >= 0) {
			status_fail(st, STATUS_USAGE, "%s: --%.*s may be --%s or --%s; type more of it", info->name, (int)length,
				    name, info->option[found].name, candidate);
			return -1;
		}
		found = i;
	}
	for (int i = 0; found < 0 && i < COMMAND_OPTIONS && info->option[i].name; i++)
		if (strncasecmp(info->option[i].name, name, length) == 0 && strlen(info->option[i].name) == length) {
			status_fail(st, STATUS_USAGE, "%s has no option --%.*s; did you mean --%s (%s)?", info->name, (int)length,
				    name, info->option[i].name, info->option[i].help);
			return -1;
		}
	if (found < 0)
		status_fail(st, STATUS_USAGE, "%s has no option --%.*s; type: help %s", info->name, (int)length, name,
			    info->name);
	return found;
}

static void
choices_join(const char *const *choices, char *out, size_t size)
{
	size_t at = 0;

	out[0] = '\0';
	for (int i = 0; choices[i] && at < size; i++)
		at += (size_t)snprintf(out + at, size - at, "%s%s", i == 0 ? "" : choices[i + 1] ? ", " : " or ", choices[i]);
}

static bool
check_number(const char *what, const char *text, const char *kind, double lo, double hi, struct status *st)
{
	return status_fail(st, STATUS_USAGE, "%s must be %s from %.10g to %.10g, not \"%s\"", what, kind, lo, hi, text);
}

/* Is text a value of this kind? what names it in the message. */
static bool
value_check(const char *what, const char *text, enum value_kind kind, double lo, double hi, const char *const *choices,
	    struct status *st)
{
	int list[64], columns, rows;
	double a, b;
	long n;
	char names[200];

	switch (kind) {
	case VALUE_INT:
	case VALUE_RUN:
		return value_int(text, lo, hi, &n) || check_number(what, text, "a whole number", lo, hi, st);
	case VALUE_REAL:
		return value_real(text, lo, hi, &a) || check_number(what, text, "a number", lo, hi, st);
	case VALUE_INTS:
		return value_ints(text, list, 64, lo, hi, true) > 0 ||
		       status_fail(st, STATUS_USAGE,
				   "%s must be ascending whole numbers from %.10g to %.10g as 4,8,16, not \"%s\"", what, lo, hi,
				   text);
	case VALUE_INDEX:
		return value_ints(text, list, 8, 0, INT_MAX, false) > 0 ||
		       status_fail(st, STATUS_USAGE, "%s must be an index as 0,5, not \"%s\"", what, text);
	case VALUE_RANGE:
		return value_range(text, &a, &b) ||
		       status_fail(st, STATUS_USAGE, "%s must be LO,HI with LO below HI as -4,4, not \"%s\"", what, text);
	case VALUE_SIZE:
		return value_size(text, &columns, &rows) ||
		       status_fail(st, STATUS_USAGE, "%s must be COLSxROWS as 80x24, at most 1000x1000, not \"%s\"", what, text);
	case VALUE_CHOICE:
		if (value_choice(text, choices) >= 0)
			return true;
		choices_join(choices, names, sizeof(names));
		return status_fail(st, STATUS_USAGE, "%s must be %s, not \"%s\"", what, names, text);
	default:
		return true;
	}
}

/* A path as files are opened by it: ~ is a home here as in shells. */
static bool
take_path(struct call *call, const char **value, enum value_kind kind, struct status *st)
{
	char *path;

	if (kind != VALUE_PATH || (*value)[0] != '~' || call->paths == CALL_WORDS)
		return true;
	if (!(path = path_expand(*value)))
		return status_nomem(st, "a path");
	call->path[call->paths++] = path;
	*value = path;
	return true;
}

/* Takes the option at word[*i], and its value. */
static bool
take_option(struct call *call, int *i, struct fault *fault, struct status *st)
{
	const struct word *w = &call->word[*i];
	const char *name = w->text + 2, *equals = strchr(name, '=');
	size_t length = equals ? (size_t)(equals - name) : strlen(name);
	const struct option_info *option;
	char what[80];
	int at;

	word_fault(w, fault);
	at = option_find(call->info, name, length, st);
	if (at < 0)
		return false;
	option = &call->info->option[at];
	snprintf(what, sizeof(what), "%s: --%s", call->info->name, option->name);
	call->given[at] = true;
	call->value[at] = equals ? equals + 1 : NULL;
	if (option->kind == VALUE_NONE)
		return !equals || status_fail(st, STATUS_USAGE, "%s takes no value", what);
	if (!equals) {
		if (++*i == call->words)
			return status_fail(st, STATUS_USAGE, "%s needs a value: --%s %s", what, option->name, option->value);
		word_fault(&call->word[*i], fault);
		call->value[at] = call->word[*i].text;
	}
	return value_check(what, call->value[at], option->kind, option->lo, option->hi, option->choices, st) &&
	       take_path(call, &call->value[at], option->kind, st);
}

static const struct argument_info *
argument_at(const struct command_info *info, int index)
{
	for (int i = 0; i < COMMAND_ARGS && info->arg[i].name; i++)
		if (i == index || (info->arg[i].many && index > i))
			return &info->arg[i];
	return NULL;
}

static bool
take_argument(struct call *call, int *i, struct fault *fault, struct status *st)
{
	const struct argument_info *arg = argument_at(call->info, call->args);
	struct word *w = &call->word[*i];
	char what[80];

	word_fault(w, fault);
	if (!arg)
		return status_fail(st, STATUS_USAGE, "%s: \"%s\" is one word too many; type: help %s", call->info->name, w->text,
				   call->info->name);
	if (arg->kind == VALUE_LINE || arg->kind == VALUE_CONDITION) {
		size_t n = strlen(call->line);

		/* A line that is one quoted word is given without its quotes; options may follow it. */
		bool quoted = w->quoted && (*i + 1 == call->words || strncmp(w[1].text, "--", 2) == 0);

		if (!quoted) {
			while (n > w->at && isspace((unsigned char)call->line[n - 1]))
				n--;
			free(w->text);
			w->text = strndup(call->line + w->at, n - w->at);
			if (!w->text)
				return status_nomem(st, "a command line");
			*i = call->words - 1;
		}
	}
	snprintf(what, sizeof(what), "%s: %s", call->info->name, arg->name);
	if (!value_check(what, w->text, arg->kind, arg->lo, arg->hi, arg->choices, st))
		return false;
	call->arg[call->args] = w->text;
	return take_path(call, &call->arg[call->args++], arg->kind, st);
}

static bool
arguments_complete(const struct call *call, struct fault *fault, struct status *st)
{
	const struct argument_info *arg = call->args < COMMAND_ARGS ? &call->info->arg[call->args] : NULL;
	char *usage;

	if (!arg || !arg->name || arg->optional)
		return true;
	fault->at = strlen(call->line);
	fault->length = 1;
	usage = command_usage(call->info);
	status_fail(st, STATUS_USAGE, "%s: %s is missing; usage: %s", call->info->name, arg->name,
		    usage ? usage : call->info->name);
	free(usage);
	return false;
}

/* The raw line of `query` may hold an open quote (it's), which is SQL's affair. */
static bool
takes_line(const struct command_info *info)
{
	for (int i = 0; i < COMMAND_ARGS && info->arg[i].name; i++)
		if (info->arg[i].kind == VALUE_LINE || info->arg[i].kind == VALUE_CONDITION)
			return true;
	return false;
}

static bool
split_call(struct call *call, struct fault *fault, struct status *st)
{
	struct status again = {0};
	struct fault ignored;
	int used;

	if (words_split(call->line, call->word, &call->words, fault, st))
		return true;
	if (call->words < 2 || st->code != STATUS_USAGE)
		return false;
	call->info = command_find(call->word, call->words - 1, &used, &ignored, &again);
	if (!call->info || !takes_line(call->info) || call->words <= used)
		return false;
	call->word[call->words - 1].quoted = false;
	call->word[call->words - 1].length = strlen(call->line) - call->word[call->words - 1].at;
	status_clear(st);
	return true;
}

/* :quit is quit, from the habit of vi and of the panes' own key. */
static void
drop_colon(struct call *call)
{
	struct word *w = &call->word[0];

	if (w->quoted || w->text[0] != ':')
		return;
	memmove(w->text, w->text + 1, strlen(w->text));
	w->at++;
	w->length--;
	if (w->text[0])
		return;
	free(w->text);
	memmove(w, w + 1, (size_t)--call->words * sizeof(*w));
}

bool
call_parse(struct call *call, const char *line, struct fault *fault, struct status *st)
{
	bool options = true;
	int i;

	memset(call, 0, sizeof(*call));
	memset(fault, 0, sizeof(*fault));
	call->line = line;
	call->fault = fault;
	if (line[strspn(line, " \t\r\n")] == '#')
		return true;
	if (!split_call(call, fault, st))
		return false;
	if (call->words > 0)
		drop_colon(call);
	if (call->words == 0)
		return true;
	call->info = command_find(call->word, call->words, &i, fault, st);
	if (!call->info)
		return false;
	for (; i < call->words; i++) {
		const struct word *w = &call->word[i];
		bool dashed = options && !w->quoted && strncmp(w->text, "--", 2) == 0;

		if (dashed && !w->text[2])
			options = false;
		else if (dashed ? !take_option(call, &i, fault, st) : !take_argument(call, &i, fault, st))
			return false;
	}
	return arguments_complete(call, fault, st);
}

void
call_done(struct call *call)
{
	for (int i = 0; i < call->words; i++)
		free(call->word[i].text);
	for (int i = 0; i < call->paths; i++)
		free(call->path[i]);
	call->words = call->paths = 0;
}

/* --- reading a call ------------------------------------------------------- */

static int
option_index(const struct call *call, const char *option)
{
	for (int i = 0; i < COMMAND_OPTIONS && call->info->option[i].name; i++)
		if (strcmp(call->info->option[i].name, option) == 0)
			return i;
	return -1;
}

bool
call_has(const struct call *call, const char *option)
{
	int i = option_index(call, option);

	return i >= 0 && call->given[i];
}

const char *
call_text(const struct call *call, const char *option)
{
	int i = option_index(call, option);

	return i >= 0 && call->given[i] ? call->value[i] : NULL;
}

long
call_int(const struct call *call, const char *option, long otherwise)
{
	const char *text = call_text(call, option);

	return text ? strtol(text, NULL, 10) : otherwise;
}

double
call_real(const struct call *call, const char *option, double otherwise)
{
	const char *text = call_text(call, option);

	return text ? strtod(text, NULL) : otherwise;
}

int
call_choice(const struct call *call, const char *option, int otherwise)
{
	int i = option_index(call, option);

	return i >= 0 && call->given[i] ? value_choice(call->value[i], call->info->option[i].choices) : otherwise;
}

long
call_arg_int(const struct call *call, int index, long otherwise)
{
	return index < call->args ? strtol(call->arg[index], NULL, 10) : otherwise;
}

int
call_arg_choice(const struct call *call, int index, int otherwise)
{
	return index < call->args ? value_choice(call->arg[index], call->info->arg[index].choices) : otherwise;
}

char *
command_usage(const struct command_info *info)
{
	char text[512];
	size_t at = (size_t)snprintf(text, sizeof(text), "%s", info->name);

	for (int i = 0; i < COMMAND_ARGS && info->arg[i].name; i++) {
		const struct argument_info *a = &info->arg[i];
		at += (size_t)snprintf(text + at, sizeof(text) - at, a->optional ? " [%s%s]" : " %s%s", a->name,
				       a->many ? " ..." : "");
	}
	for (int i = 0; i < COMMAND_OPTIONS && info->option[i].name && at < sizeof(text); i++) {
		const struct option_info *o = &info->option[i];
		at += (size_t)snprintf(text + at, sizeof(text) - at, " [--%s%s%s]", o->name, o->value ? " " : "",
				       o->value ? o->value : "");
	}
	return strdup(text);
}
