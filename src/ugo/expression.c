#include "ugo/expression.h"

#include "base/real.h"
#include "base/text.h"
#include "ugo/ugo.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- what can be called ---------------------------------------------------- */

static double
add(double a, double b)
{
	return a + b;
}

static double
subtract(double a, double b)
{
	return a - b;
}

static double
multiply(double a, double b)
{
	return a * b;
}

static double
divide(double a, double b)
{
	return a / b;
}

static double
negate(double a)
{
	return -a;
}

static double
sign(double a)
{
	return (a > 0) - (a < 0);
}

static const struct call_row {
	const char *name;
	double (*one)(double);
	double (*two)(double, double);
} calls[] = {
    {"sin", real_sin, NULL},     {"cos", real_cos, NULL},     {"tan", real_tan, NULL},     {"asin", real_asin, NULL},
    {"acos", real_acos, NULL},   {"atan", real_atan, NULL},   {"sinh", real_sinh, NULL},   {"cosh", real_cosh, NULL},
    {"log", real_log, NULL},     {"log2", real_log2, NULL},   {"log10", real_log10, NULL}, {"log1p", real_log1p, NULL},
    {"expm1", real_expm1, NULL}, {"exp2", real_exp2, NULL},   {"erf", real_erf, NULL},     {"floor", floor, NULL},
    {"ceil", ceil, NULL},        {"sign", sign, NULL},        {"min", NULL, fmin},         {"max", NULL, fmax},
    {"pow", NULL, real_pow},     {"atan2", NULL, real_atan2}, {"hypot", NULL, real_hypot},
};

enum { CALLS = sizeof(calls) / sizeof(*calls) };

const char *
expression_function(int index)
{
	return index >= 0 && index < CALLS ? calls[index].name : NULL;
}

static bool
call_find(const char *name, size_t length, struct call_row *row)
{
	for (int i = 0; i < CALLS; i++)
		if (strlen(calls[i].name) == length && memcmp(calls[i].name, name, length) == 0) {
			*row = calls[i];
			return true;
		}
	for (int i = 0; i < FUNCTIONS; i++)
		if (strlen(function_table[i].name) == length && memcmp(function_table[i].name, name, length) == 0) {
			*row = (struct call_row){function_table[i].name, function_table[i].eval, NULL};
			return true;
		}
	return false;
}

/* --- parsing: each rule leaves one value on the stack ------------------------ */

struct parser {
	const char *text;
	size_t at;
	int depth; /* of the stack at run time */
	int nested;
	struct expression *out;
	struct status *st;
};

static bool parse_sum(struct parser *p);

static bool
complain(struct parser *p, size_t at, const char *what)
{
	char near[24];

	p->at = at;
	if (!p->text[at])
		return status_fail(p->st, STATUS_USAGE, "column %zu, at the end: %s", at + 1, what);
	snprintf(near, sizeof(near), "%.10s", p->text + at);
	return status_fail(p->st, STATUS_USAGE, "column %zu, at \"%s\": %s", at + 1, text_escape(near, (char[48]){0}, 48), what);
}

static void
skip_blanks(struct parser *p)
{
	while (isspace((unsigned char)p->text[p->at]))
		p->at++;
}

static char
peek(struct parser *p)
{
	skip_blanks(p);
	return p->text[p->at];
}

static bool
emit(struct parser *p, struct instruction instruction, int arguments)
{
	if (p->out->count == EXPRESSION_MOST)
		return complain(p, p->at, "the expression is too long");
	p->out->at[p->out->count++] = instruction;
	p->depth += 1 - arguments;
	return p->depth < EXPRESSION_DEPTH || complain(p, p->at, "too deeply nested");
}

static bool
expect(struct parser *p, char c, const char *what)
{
	if (peek(p) != c)
		return complain(p, p->at, what);
	p->at++;
	return true;
}

static bool
parse_call(struct parser *p, size_t start, size_t length)
{
	struct call_row row;

	if (!call_find(p->text + start, length, &row))
		return complain(p, start, "no such function; there are gelu, exp, log, max ... (help ugo fit)");
	p->at++; /* the bracket */
	if (!parse_sum(p))
		return false;
	if (row.two && (!expect(p, ',', "this function takes two arguments, separated by a comma") || !parse_sum(p)))
		return false;
	if (!row.two && peek(p) == ',')
		return complain(p, p->at, "this function takes one argument");
	if (!expect(p, ')', "expected )"))
		return false;
	return emit(p, (struct instruction){.one = row.one, .two = row.two}, row.two ? 2 : 1);
}

static bool
parse_name(struct parser *p)
{
	size_t start = p->at, length;
	const char *name = p->text + start;

	while (isalnum((unsigned char)p->text[p->at]) || p->text[p->at] == '_')
		p->at++;
	length = p->at - start;
	if (peek(p) == '(')
		return parse_call(p, start, length);
	if (length == 1 && *name == 'x')
		return emit(p, (struct instruction){.is_x = true}, 0);
	if (length == 1 && *name == 'e')
		return emit(p, (struct instruction){.constant = M_E}, 0);
	if (length == 2 && memcmp(name, "pi", 2) == 0)
		return emit(p, (struct instruction){.constant = M_PI}, 0);
	return complain(p, start, "the only names are x, pi, e and functions with their brackets");
}

static bool
parse_number(struct parser *p)
{
	char *end;
	double value = strtod(p->text + p->at, &end);
	size_t start = p->at;

	if (end == p->text + start || !isfinite(value))
		return complain(p, start, "not a number");
	p->at = (size_t)(end - p->text);
	return emit(p, (struct instruction){.constant = value}, 0);
}

static bool
parse_atom(struct parser *p)
{
	char c = peek(p);

	if (c == '(') {
		p->at++;
		return parse_sum(p) && expect(p, ')', "expected )");
	}
	if (isalpha((unsigned char)c))
		return parse_name(p);
	if (isdigit((unsigned char)c) || c == '.')
		return parse_number(p);
	return complain(p, p->at, c == ')' ? "nothing stands before this bracket" : "expected a number, x, a function or (");
}

/* -x^2 is -(x^2), 2^-1 is allowed. */
static bool
parse_power(struct parser *p)
{
	bool ok;

	if (++p->nested > EXPRESSION_DEPTH)
		return complain(p, p->at, "too deeply nested");
	if (peek(p) == '-' || peek(p) == '+') {
		bool minus = p->text[p->at++] == '-';

		ok = parse_power(p) && (!minus || emit(p, (struct instruction){.one = negate}, 1));
	} else {
		ok = parse_atom(p);
		if (ok && peek(p) == '^') {
			p->at++;
			ok = parse_power(p) && emit(p, (struct instruction){.two = real_pow}, 2);
		}
	}
	p->nested--;
	return ok;
}

static bool
parse_product(struct parser *p)
{
	if (!parse_power(p))
		return false;
	while (peek(p) == '*' || peek(p) == '/') {
		bool times = p->text[p->at++] == '*';

		if (!parse_power(p) || !emit(p, (struct instruction){.two = times ? multiply : divide}, 2))
			return false;
	}
	return true;
}

static bool
parse_sum(struct parser *p)
{
	if (!parse_product(p))
		return false;
	while (peek(p) == '+' || peek(p) == '-') {
		bool plus = p->text[p->at++] == '+';

		if (!parse_product(p) || !emit(p, (struct instruction){.two = plus ? add : subtract}, 2))
			return false;
	}
	return true;
}

bool
expression_parse(struct expression *expression, const char *text, size_t *at, struct status *st)
{
	struct parser p = {.text = text, .out = expression, .st = st};
	bool ok;

	expression->count = 0;
	ok = parse_sum(&p) && (!peek(&p) || complain(&p, p.at, "expected an operator or the end"));
	*at = p.at;
	return ok;
}

double
expression_eval(const struct expression *expression, double x)
{
	double stack[EXPRESSION_DEPTH + 1] = {0};
	int top = 0;

	for (int i = 0; i < expression->count; i++) {
		const struct instruction *in = &expression->at[i];

		if (in->two) {
			top--;
			stack[top - 1] = in->two(stack[top - 1], stack[top]);
		} else if (in->one) {
			stack[top - 1] = in->one(stack[top - 1]);
		} else {
			stack[top++] = in->is_x ? x : in->constant;
		}
	}
	return stack[0];
}
