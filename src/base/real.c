#include "base/real.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

/* ln 2 and pi / 2 in parts: products of the first ones with numbers of up to 20 bits are exact. */
#define LN2_HIGH 0x1.62e42feep-1
#define LN2_LOW  0x1.a39ef35793c76p-33
#define PI2_HIGH 0x1.921fb544p+0
#define PI2_MID  0x1.0b4611a6p-34
#define PI2_LOW  0x1.3198a2e037073p-69

/* c[0] + c[1] x + ... */
static double
polynomial(const double *c, size_t n, double x)
{
	double sum = c[n - 1];

	for (size_t i = n - 1; i-- > 0;)
		sum = sum * x + c[i];
	return sum;
}
#define POLYNOMIAL(c, x) polynomial(c, sizeof(c) / sizeof(*(c)), x)

/* e^r - 1 for |r| <= ln(2) / 2: the series to r^14 / 14!. */
static double
small_expm1(double r)
{
	static const double c[] = {1.0 / 2,         1.0 / 6,          1.0 / 24,         1.0 / 120,     1.0 / 720,
				   1.0 / 5040,      1.0 / 40320,      1.0 / 362880,     1.0 / 3628800, 1.0 / 39916800,
				   1.0 / 479001600, 1.0 / 6227020800, 1.0 / 87178291200};

	return r + r * r * POLYNOMIAL(c, r);
}

double
real_exp(double x)
{
	double n;

	if (isnan(x) || x > 710)
		return x + INFINITY;
	if (x < -746)
		return 0;
	n = rint(x * M_LOG2E);
	return ldexp(1 + small_expm1((x - n * LN2_HIGH) - n * LN2_LOW), (int)n);
}

double
real_exp2(double x)
{
	double n = rint(x);

	if (isnan(x) || x > 1025)
		return x + INFINITY;
	if (x < -1076)
		return 0;
	return ldexp(1 + small_expm1((x - n) * M_LN2), (int)n);
}

/* log(1 + f) for f in [sqrt(1/2) - 1, sqrt(2) - 1]: 2 atanh(s) with s = f / (2 + f), where
 * 2 s = f - f^2 / 2 + s f^2 / 2, of which only the last is rounded as much as s. */
static double
small_log1p(double f)
{
	static const double c[] = {2.0 / 3,  2.0 / 5,  2.0 / 7,  2.0 / 9,  2.0 / 11,
				   2.0 / 13, 2.0 / 15, 2.0 / 17, 2.0 / 19, 2.0 / 21};
	double s = f / (2 + f), z = s * s, half = 0.5 * f * f;

	return f - (half - s * (half + z * POLYNOMIAL(c, z)));
}

double
real_log(double x)
{
	int n;
	double m;

	if (isnan(x) || x < 0)
		return NAN;
	if (x == 0 || x == INFINITY)
		return x == 0 ? -INFINITY : INFINITY;
	m = frexp(x, &n);
	if (m < M_SQRT1_2) {
		m *= 2;
		n--;
	}
	return n * LN2_HIGH + (small_log1p(m - 1) + n * LN2_LOW);
}

double
real_log1p(double x)
{
	double u = 1 + x;

	if (x > -0.29 && x < 0.41)
		return small_log1p(x);
	return isfinite(u) && u > 0 ? real_log(u) + (x - (u - 1)) / u : real_log(u);
}

double
real_log2(double x)
{
	int n;
	double m = frexp(x, &n);

	return m == 0.5 ? n - 1 : real_log(x) * M_LOG2E; /* powers of two exactly */
}

double
real_log10(double x)
{
	return real_log(x) * M_LOG10E;
}

static double
whole_power(double x, int n)
{
	double power = 1;

	for (int left = abs(n); left > 0; left >>= 1, x *= x)
		power *= left & 1 ? x : 1;
	return n < 0 ? 1 / power : power;
}

double
real_pow(double x, double y)
{
	bool whole = y == rint(y), odd = whole && fmod(y, 2) != 0;
	double power;

	if (whole && fabs(y) <= 64)
		return whole_power(x, (int)y);
	if (x == 1 || isnan(x) || isnan(y))
		return x == 1 ? 1 : x + y;
	if (x == 0)
		power = y > 0 ? 0 : INFINITY;
	else
		power = real_exp(y * real_log(fabs(x)));
	return x >= 0 ? power : whole ? (odd ? -power : power) : NAN;
}

/* x less the nearest multiple of pi / 2, in two parts; *quarter counts them. */
static double
reduce(double x, double *rest, int *quarter)
{
	double n = rint(x * M_2_PI), a = x - n * PI2_HIGH, b = n * PI2_MID, r = a - b;

	*rest = ((a - r) - b) - n * PI2_LOW;
	*quarter = (int)n & 3;
	return r;
}

static double
small_sin(double r, double rest)
{
	static const double c[] = {-1.0 / 6,        1.0 / 120,        -1.0 / 5040,          1.0 / 362880,
				   -1.0 / 39916800, 1.0 / 6227020800, -1.0 / 1307674368000, 1.0 / 355687428096000};
	double z = r * r;

	return r + (rest + r * z * POLYNOMIAL(c, z));
}

static double
small_cos(double r, double rest)
{
	static const double c[] = {1.0 / 24,        -1.0 / 720,         1.0 / 40320,         -1.0 / 3628800,
				   1.0 / 479001600, -1.0 / 87178291200, 1.0 / 20922789888000};
	double z = r * r, half = 0.5 * z, first = 1 - half;

	return first + (((1 - first) - half) + (z * z * POLYNOMIAL(c, z) - r * rest));
}

/* sin(x + quarters pi / 2) */
static double
sin_from(double x, int quarters)
{
	double r, rest, value;
	int quarter;

	if (!(fabs(x) <= 0x1p20))
		return NAN;
	r = reduce(x, &rest, &quarter);
	quarter = (quarter + quarters) & 3;
	value = quarter & 1 ? small_cos(r, rest) : small_sin(r, rest);
	return quarter & 2 ? -value : value;
}

double
real_sin(double x)
{
	return sin_from(x, 0);
}

double
real_cos(double x)
{
	return sin_from(x, 1);
}

double
real_tan(double x)
{
	return real_sin(x) / real_cos(x);
}

/* For x in [0, 1]; above tan(pi / 8) from pi / 4 on. */
static double
small_atan(double x)
{
	static const double c[] = {-1.0 / 3,  1.0 / 5,   -1.0 / 7,  1.0 / 9,   -1.0 / 11, 1.0 / 13,  -1.0 / 15,
				   1.0 / 17,  -1.0 / 19, 1.0 / 21,  -1.0 / 23, 1.0 / 25,  -1.0 / 27, 1.0 / 29,
				   -1.0 / 31, 1.0 / 33,  -1.0 / 35, 1.0 / 37,  -1.0 / 39, 1.0 / 41};
	bool far = x > M_SQRT2 - 1;
	double a = far ? (x - 1) / (x + 1) : x, z = a * a, value = a + a * z * POLYNOMIAL(c, z);

	return far ? M_PI_4 + value : value;
}

double
real_atan(double x)
{
	double a = fabs(x);

	if (isnan(x))
		return x;
	return copysign(a > 1 ? M_PI_2 - small_atan(1 / a) : small_atan(a), x);
}

double
real_atan2(double y, double x)
{
	double angle;

	if (isnan(x) || isnan(y))
		return x + y;
	if (isinf(x) && isinf(y))
		angle = M_PI_4;
	else
		angle = x == 0 && y == 0 ? 0 : real_atan(fabs(y) / fabs(x));
	return copysign(signbit(x) ? M_PI - angle : angle, y);
}

double
real_asin(double x)
{
	return fabs(x) <= 1 ? real_atan(x / sqrt((1 - x) * (1 + x))) : NAN;
}

double
real_acos(double x)
{
	return fabs(x) <= 1 ? 2 * real_atan(sqrt((1 - x) / (1 + x))) : NAN;
}

double
real_expm1(double x)
{
	return fabs(x) <= 0.34 ? small_expm1(x) : real_exp(x) - 1;
}

double
real_sinh(double x)
{
	double e = real_expm1(fabs(x));

	return copysign(isinf(e) ? e : (e + e / (e + 1)) / 2, x);
}

double
real_cosh(double x)
{
	double e = real_exp(fabs(x));

	return (e + 1 / e) / 2;
}

/* With e = e^2x - 1: e / (e + 2). */
double
real_tanh(double x)
{
	double a = fabs(x), e = real_expm1(2 * (a < 20 ? a : 20));

	return isnan(x) ? x : copysign(e / (e + 2), x);
}

/* e^(x^2) erfc(x) (x + 2) / 2 for x >= 0 as a sum of Chebyshev's polynomials of u = (x - 2) / (x + 2):
 * the first coefficients of its interpolation at 200 nodes, with 50 digits. The others add up to 2e-18. */
static double
scaled_erfc(double x)
{
	static const double c[] = {0x1.2770f75817bb2p-1,   -0x1.6bf7a80297435p-2,  0x1.0aa138a4c2d24p-4,   -0x1.e12f190ee33d6p-9,
				   -0x1.23b9bf1ce7086p-10, 0x1.51227465cb5d2p-13,  0x1.12fb3128fc639p-15,  -0x1.6d3c6f7daba6ep-18,
				   -0x1.96ce1195d19a2p-20, 0x1.3309eea629150p-23,  0x1.61ac7b47792b4p-24,  0x1.6451ece6c79ebp-30,
				   -0x1.1d82a2ca0d7aep-28, -0x1.5ceee770180afp-31, 0x1.3aeb1095f58b1p-33,  0x1.0eefd39298cc3p-34,
				   0x1.22170e3c8ddc8p-39,  -0x1.f6a49a09f55f3p-39, -0x1.e35f64f08b30cp-41, 0x1.14c5f24aace89p-44,
				   0x1.4e1c15a352ee5p-44,  0x1.d097c6d9cbec0p-47,  -0x1.53eda4da2f0aap-49, -0x1.c55e1ced4dc5ep-50,
				   -0x1.06ab729580ddap-52, 0x1.231ad828deaccp-54,  0x1.4b460f6532849p-55,  0x1.749c32a9589eap-58};
	double u = (x - 2) / (x + 2), a = 0, b = 0;

	for (size_t i = sizeof(c) / sizeof(*c) - 1; i > 0; i--) { /* Clenshaw's recurrence */
		double next = 2 * u * a - b + c[i];

		b = a;
		a = next;
	}
	return (u * a - b + c[0]) * 2 / (x + 2);
}

/* x^2 is taken apart, so that its rounding does not grow: h has half of x's digits. */
double
real_erfc(double x)
{
	double a = fabs(x), h = (double)(float)a, y;

	if (isnan(x))
		return x;
	y = a < 28 ? scaled_erfc(a) * real_exp(-h * h) * real_exp(-(a - h) * (a + h)) : 0;
	return x < 0 ? 2 - y : y;
}

double
real_erf(double x)
{
	static const double c[] = {-1.0 / 3,       1.0 / 10,       -1.0 / 42,        1.0 / 216,
				   -1.0 / 1320,    1.0 / 9360,     -1.0 / 75600,     1.0 / 685440,
				   -1.0 / 6894720, 1.0 / 76204800, -1.0 / 918086400, 1.0 / 11975040000};
	double z = x * x;

	if (fabs(x) < 0.5)
		return M_2_SQRTPI * (x + x * z * POLYNOMIAL(c, z));
	return x > 0 ? 1 - real_erfc(x) : real_erfc(-x) - 1;
}

double
real_hypot(double x, double y)
{
	double a = fmax(fabs(x), fabs(y)), b = fmin(fabs(x), fabs(y));

	if (isinf(x) || isinf(y))
		return INFINITY;
	return a > 0 ? a * sqrt(1 + (b / a) * (b / a)) : a;
}
