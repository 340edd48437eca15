#include "tests/support/ask.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

struct answer {
	double number;
	char text[4096];
};

static bool
take(void *ctx, int count, const struct query_value *values)
{
	struct answer *a = ctx;

	assert_true(count > 0);
	if (values[0].type == QUERY_INTEGER)
		a->number = (double)values[0].integer;
	else if (values[0].type == QUERY_REAL)
		a->number = values[0].real;
	else if (values[0].type == QUERY_TEXT)
		snprintf(a->text, sizeof(a->text), "%s", values[0].text);
	return false;
}

static void
ask(struct store *store, const char *sql, struct answer *answer)
{
	struct query query = {.sql = sql};
	struct status st = {0};

	if (!query_run(store, &query, &(struct query_output){.row = take, .ctx = answer}, &st))
		fail_msg("%s: %s", sql, st.message);
}

double
ask_number(struct store *store, const char *sql)
{
	struct answer answer = {.number = NAN};

	ask(store, sql, &answer);
	return answer.number;
}

const char *
ask_text(struct store *store, const char *sql)
{
	static struct answer answer;

	answer = (struct answer){.number = 0};
	ask(store, sql, &answer);
	return answer.text;
}
