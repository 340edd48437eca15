/* How long something took. */
#ifndef SPIKESCOPE_BASE_TIMING_H
#define SPIKESCOPE_BASE_TIMING_H

double timing_now(void);   /* seconds of a clock that only goes forwards */
double timing_spent(void); /* seconds of processor time of this process, all threads */

/* Sorts the n values; the middle one (of an even number the upper), 0 when there is none. */
double timing_median(double *value, int n);

#endif
