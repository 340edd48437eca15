/* Every smooth function at six sizes, by mean square and by largest error, against
 * the asymptotic limit, with the processor time that a fit takes (the least of REPEATS; one thread). */
#include "ugo/ugo.h"

#include "base/timing.h"

#include <math.h>
#include <stdio.h>

enum { REPEATS = 3 };

static double
fit_seconds(struct ugo *u, const struct ugo_request *request)
{
	double least = INFINITY;

	for (int i = 0; i < REPEATS; i++) {
		struct status st = {0};
		double started = timing_spent();

		ugo_done(u);
		if (!ugo_fit(u, request, &st)) {
			fprintf(stderr, "%s\n", st.message);
			return NAN;
		}
		least = fmin(least, timing_spent() - started);
	}
	return least;
}

static void
row(enum function f, enum ugo_weighting weighting, enum ugo_objective objective, int hidden)
{
	const struct function_info *info = &function_table[f];
	struct ugo_request request = {
	    .function = f, .lo = info->lo, .hi = info->hi, .hidden = hidden, .weighting = weighting, .objective = objective};
	bool peak = objective == UGO_PEAK;
	struct ugo u = {0};
	double took = fit_seconds(&u, &request), rmse[2], most[2], reached;

	ugo_limit_of(&u, hidden, &rmse[0], &most[0]);
	ugo_limit_of(&u, hidden + 1, &rmse[1], &most[1]);
	reached = peak ? (weighting == UGO_RELATIVE ? u.rel_max_error : u.max_error) : u.goal_rmse;
	printf("%-11s %-8s %-7s %4d  %10.3e  ", info->name, weighting == UGO_RELATIVE ? "relative" : "absolute",
	       peak ? "minimax" : "mse", hidden, reached);
	if (most[0] > 1e-12)
		printf("%5.3f %5.3f  ", reached / (peak ? most[0] : rmse[0]), reached / (peak ? most[1] : rmse[1]));
	else
		printf("    -     -  ");
	printf("%8.1e  %6.1f\n", ugo_certificate(&u), 1e3 * took);
	ugo_done(&u);
}

int
main(void)
{
	static const enum function smooth[] = {FUNCTION_GELU,       FUNCTION_GELU_TANH, FUNCTION_QUICK_GELU, FUNCTION_SILU,
					       FUNCTION_SIGMOID,    FUNCTION_TANH,      FUNCTION_SOFTPLUS,   FUNCTION_EXP,
					       FUNCTION_RECIPROCAL, FUNCTION_RSQRT,     FUNCTION_SQRT,       FUNCTION_SIN,
					       FUNCTION_SQUARE};

	printf("function    error    fit      H       error  over limit of      certificate  ms\n"
	       "                                             n=H   n=H+1\n");
	for (int objective = UGO_SQUARE; objective <= UGO_PEAK; objective++)
		for (size_t i = 0; i < sizeof(smooth) / sizeof(*smooth); i++)
			for (int relative = 0; relative <= function_table[smooth[i]].relative; relative++)
				for (int hidden = 8; hidden <= 256; hidden *= 2)
					row(smooth[i], (enum ugo_weighting)relative, (enum ugo_objective)objective, hidden);
	for (int hidden = 2; hidden <= 256; hidden *= 2) {
		row(FUNCTION_ABS, UGO_ABSOLUTE, UGO_SQUARE, hidden);
		row(FUNCTION_ABS, UGO_ABSOLUTE, UGO_PEAK, hidden);
	}
	for (int hidden = 2; hidden <= 256; hidden *= 2)
		row(FUNCTION_STEP, UGO_ABSOLUTE, UGO_SQUARE, hidden);
	return 0;
}
