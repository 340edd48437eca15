#include "ugo/ugo.h"

#include "base/real.h"

#include <math.h>
#include <string.h>

static double
gelu(double x)
{
	return 0.5 * x * real_erfc(-x * M_SQRT1_2); /* erfc keeps the far left tail */
}

static double
gelu_tanh(double x)
{
	return 0.5 * x * (1 + real_tanh(sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
}

static double
sigmoid(double x)
{
	return 1 / (1 + real_exp(-x));
}

static double
quick_gelu(double x)
{
	return x * sigmoid(1.702 * x);
}

static double
relu(double x)
{
	return x > 0 ? x : 0;
}

static double
silu(double x)
{
	return x * sigmoid(x);
}

static double
softplus(double x)
{
	return x > 0 ? x + real_log1p(real_exp(-x)) : real_log1p(real_exp(x));
}

static double
reciprocal(double x)
{
	return 1 / x;
}

static double
rsqrt(double x)
{
	return 1 / sqrt(x);
}

static double
square(double x)
{
	return x * x;
}

static double
step(double x)
{
	return x >= 0 ? 1 : 0;
}

static double
identity(double x)
{
	return x;
}

const struct function_info function_table[FUNCTIONS] = {
    [FUNCTION_GELU] = {"gelu", "x Phi(x)", gelu, -10, 10, -INFINITY, INFINITY, false},
    [FUNCTION_GELU_TANH] = {"gelu_tanh", "x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))", gelu_tanh, -10, 10, -INFINITY, INFINITY,
			    false},
    [FUNCTION_QUICK_GELU] = {"quick_gelu", "x sigmoid(1.702 x)", quick_gelu, -10, 10, -INFINITY, INFINITY, false},
    [FUNCTION_RELU] = {"relu", "max(x, 0)", relu, -10, 10, -INFINITY, INFINITY, false},
    [FUNCTION_SILU] = {"silu", "x sigmoid(x)", silu, -10, 10, -INFINITY, INFINITY, false},
    [FUNCTION_SIGMOID] = {"sigmoid", "1 / (1 + exp(-x))", sigmoid, -10, 10, -INFINITY, INFINITY, false},
    [FUNCTION_TANH] = {"tanh", "tanh(x)", real_tanh, -10, 10, -INFINITY, INFINITY, false},
    [FUNCTION_SOFTPLUS] = {"softplus", "log(1 + exp(x))", softplus, -10, 10, -INFINITY, INFINITY, false},
    [FUNCTION_EXP] = {"exp", "exp(x)", real_exp, -20, 0, -INFINITY, INFINITY, false},
    [FUNCTION_RECIPROCAL] = {"reciprocal", "1 / x", reciprocal, 1, 200, 0, INFINITY, true},
    [FUNCTION_RSQRT] = {"rsqrt", "1 / sqrt(x)", rsqrt, 0.01, 100, 0, INFINITY, true},
    [FUNCTION_SQRT] = {"sqrt", "sqrt(x)", sqrt, 0, 100, 0, INFINITY, false},
    [FUNCTION_SQUARE] = {"square", "x^2", square, -10, 10, -INFINITY, INFINITY, false},
    [FUNCTION_SIN] = {"sin", "sin(x)", real_sin, -M_PI, M_PI, -INFINITY, INFINITY, false},
    [FUNCTION_ABS] = {"abs", "|x|", fabs, -10, 10, -INFINITY, INFINITY, false},
    [FUNCTION_STEP] = {"step", "1 where x >= 0, else 0", step, -10, 10, -INFINITY, INFINITY, false},
    [FUNCTION_IDENTITY] = {"identity", "x", identity, -10, 10, -INFINITY, INFINITY, false},
};

bool
function_parse(const char *name, enum function *f)
{
	size_t length = strlen(name);
	int found = -1, matches = 0;

	for (int i = 0; i < FUNCTIONS; i++) {
		if (strncmp(function_table[i].name, name, length) != 0)
			continue;
		found = i;
		if (function_table[i].name[length] == '\0') {
			matches = 1;
			break;
		}
		matches++;
	}
	if (length == 0 || matches != 1)
		return false;
	*f = (enum function)found;
	return true;
}

double
function_eval(enum function f, double x)
{
	return function_table[f].eval(x);
}
