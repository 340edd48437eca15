/* An expression in x: parsed, evaluated, fitted. */
#include "tests/fuzz/support/fuzz.h"

#include "ugo/ugo.h"

#include <stdlib.h>
#include <string.h>

static void
fit(struct curve *curve)
{
	struct ugo_request request = {.curve = curve, .lo = 0.5, .hi = 2, .hidden = 2};
	struct status st = {0};
	struct ugo u = {0};

	if (!ugo_fit(&u, &request, &st))
		fuzz_refused(&st);
	else
		ugo_eval(&u, 1);
	ugo_done(&u);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_parts parts = {data, size};
	char *text = fuzz_text(&parts);
	struct status st = {0};
	size_t at = 0;
	struct curve *curve = curve_expression(text, &at, &st);

	if (!curve) {
		fuzz_refused(&st);
		fuzz_check(at <= strlen(text), "a fault is within the text");
	} else {
		for (double x = -2; x <= 2; x += 0.25)
			curve_eval(curve, x);
		fit(curve);
	}
	curve_free(curve);
	free(text);
	return 0;
}
