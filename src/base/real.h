/* Functions of real numbers that are the same to the bit on every machine.
 *
 * Those of a C library may differ in the last bit from one library, version or processor to another.
 * These are sums, products and quotients of doubles that are written down, in the order in which they are done
 * (compiled without contraction), and so have one result. They are within 6 units in the last place of the
 * function, or of 2^-10 where that is larger for real_sin(), real_cos() and real_tan(). Powers to whole numbers up to
 * 64 are products; others are within 1e-15 (1 + |y log x|). Square roots, rounding and remainders of the C library
 * are exact everywhere, and are not here.
 *
 * Infinities and NaN give what the C library gives. */
#ifndef SPIKESCOPE_BASE_REAL_H
#define SPIKESCOPE_BASE_REAL_H

double real_exp(double x);
double real_exp2(double x);
double real_expm1(double x);
double real_log(double x);
double real_log1p(double x);
double real_log2(double x);
double real_log10(double x);
double real_pow(double x, double y);
double real_sin(double x); /* |x| up to 2^20, as all three; NaN beyond that */
double real_cos(double x);
double real_tan(double x);
double real_asin(double x);
double real_acos(double x);
double real_atan(double x);
double real_atan2(double y, double x);
double real_sinh(double x);
double real_cosh(double x);
double real_tanh(double x);
double real_erf(double x);
double real_erfc(double x);
double real_hypot(double x, double y);

#endif
