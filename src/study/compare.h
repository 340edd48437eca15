/* How far values are from a reference. */
#ifndef SPIKESCOPE_STUDY_COMPARE_H
#define SPIKESCOPE_STUDY_COMPARE_H

#include <stddef.h>

/* Sums over all values compared so far. */
struct comparison {
	double squared_error, squared_reference, squared_value, product, count;
};

void compare_values(struct comparison *c, const float *value, const float *reference, size_t n);
void compare_merge(struct comparison *c, const struct comparison *more);

double compare_rmse(const struct comparison *c);
double compare_relative(const struct comparison *c); /* rmse over the reference's root mean square; 0 when that is 0 */
double compare_cosine(const struct comparison *c);   /* 0 when either is 0 */

#endif
