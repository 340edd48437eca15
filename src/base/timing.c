#include "base/timing.h"

#include <stdlib.h>
#include <time.h>

static double
seconds_of(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

double
timing_now(void)
{
	return seconds_of(CLOCK_MONOTONIC);
}

double
timing_spent(void)
{
	return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double
timing_median(double *value, int n)
{
	qsort(value, (size_t)n, sizeof(*value), ascending);
	return n > 0 ? value[n / 2] : 0;
}
