/* Seeded random numbers: xoshiro256** seeded by splitmix64 (Blackman and Vigna).
 * The same seed gives the same numbers on every machine. */
#ifndef SPIKESCOPE_BASE_RNG_H
#define SPIKESCOPE_BASE_RNG_H

#include <stdint.h>

struct rng {
	uint64_t s[4];
};

void rng_seed(struct rng *rng, uint64_t seed);
uint64_t rng_next(struct rng *rng);
double rng_uniform(struct rng *rng);                 /* [0, 1) */
double rng_normal(struct rng *rng);                  /* mean 0, deviation 1 */
uint64_t rng_below(struct rng *rng, uint64_t bound); /* [0, bound), bound > 0 */

#endif
