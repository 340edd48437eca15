#include "ugo/curve.h"

#include "base/file.h"
#include "base/text.h"
#include "ugo/expression.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct curve {
	int owners;
	char *name;
	struct expression *expression; /* or */
	double *x, *y, *weight;        /* [count] in one block */
	int count;
};

static struct curve *
curve_new(const char *name, struct status *st)
{
	struct curve *curve = calloc(1, sizeof(*curve));

	if (curve)
		curve->name = strdup(name);
	if (curve && curve->name) {
		curve->owners = 1;
		return curve;
	}
	free(curve);
	status_nomem(st, "a function");
	return NULL;
}

struct curve *
curve_keep(struct curve *curve)
{
	if (curve)
		curve->owners++;
	return curve;
}

void
curve_free(struct curve *curve)
{
	if (!curve || --curve->owners > 0)
		return;
	free(curve->name);
	free(curve->expression);
	free(curve->x);
	free(curve);
}

const char *
curve_name(const struct curve *curve)
{
	return curve->name;
}

int
curve_table(const struct curve *curve, const double **x, const double **y, const double **weight)
{
	*x = curve->x;
	*y = curve->y;
	*weight = curve->weight;
	return curve->count;
}

struct curve *
curve_expression(const char *text, size_t *at, struct status *st)
{
	struct curve *curve;

	*at = 0;
	if (strlen(text) > EXPRESSION_MOST) {
		status_fail(st, STATUS_USAGE, "an expression has at most %d characters", EXPRESSION_MOST);
		return NULL;
	}
	curve = curve_new(text, st);
	if (!curve)
		return NULL;
	curve->expression = malloc(sizeof(*curve->expression));
	if (curve->expression ? expression_parse(curve->expression, text, at, st) : status_nomem(st, "an expression"))
		return curve;
	curve_free(curve);
	return NULL;
}

/* --- tables ------------------------------------------------------------------ */

static bool
check_points(const double *x, const double *y, const double *weight, int count, struct status *st)
{
	double sum = 0;

	if (count < 2)
		return status_fail(st, STATUS_DATA, "a table needs at least two points, not %d", count);
	for (int i = 0; i < count; i++) {
		if (!isfinite(x[i]) || !isfinite(y[i]))
			return status_fail(st, STATUS_DATA, "point %d is (%g, %g): not a finite number", i + 1, x[i], y[i]);
		if (!(weight[i] >= 0) || !isfinite(weight[i]))
			return status_fail(st, STATUS_DATA, "the weight of point %d is %g; weights are finite and not negative",
					   i + 1, weight[i]);
		if (i > 0 && x[i] == x[i - 1])
			return status_fail(st, STATUS_DATA, "points %d and %d have the same x = %.9g; join them into one", i,
					   i + 1, x[i]);
		if (i > 0 && x[i] < x[i - 1])
			return status_fail(st, STATUS_DATA, "x falls from %.9g to %.9g at point %d; sort the table by x",
					   x[i - 1], x[i], i + 1);
		sum += weight[i];
	}
	return sum > 0 || status_fail(st, STATUS_DATA, "all weights are 0");
}

struct curve *
curve_points(const char *name, const double *x, const double *y, const double *weight, int count, struct status *st)
{
	size_t n = count > 0 ? (size_t)count : 1;
	struct curve *curve = curve_new(name, st);

	if (!curve)
		return NULL;
	curve->x = malloc(3 * n * sizeof(double));
	if (!curve->x) {
		curve_free(curve);
		status_nomem(st, "a table");
		return NULL;
	}
	curve->y = curve->x + n;
	curve->weight = curve->y + n;
	curve->count = count;
	for (int i = 0; i < count; i++) {
		curve->x[i] = x[i];
		curve->y[i] = y[i];
		curve->weight[i] = weight ? weight[i] : 1;
	}
	if (check_points(curve->x, curve->y, curve->weight, count, st))
		return curve;
	curve_free(curve);
	return NULL;
}

struct reading {
	double *column[3];
	int count, capacity, columns; /* columns of the first line */
};

static bool
reading_room(struct reading *r, struct status *st)
{
	int capacity = r->capacity ? 2 * r->capacity : 256;

	if (r->count < r->capacity)
		return true;
	if (r->count >= TABLE_POINTS_MOST)
		return status_fail(st, STATUS_DATA, "more than %d points", TABLE_POINTS_MOST);
	for (int k = 0; k < 3; k++) {
		double *more = realloc(r->column[k], (size_t)capacity * sizeof(double));

		if (!more)
			return status_nomem(st, "a table");
		r->column[k] = more;
	}
	r->capacity = capacity;
	return true;
}

/* How many numbers the line has; -1 when something else is in it. */
static int
line_numbers(const char *line, double value[3])
{
	int n = 0;

	for (;;) {
		char *end;
		double v = strtod(line, &end);

		if (end == line || n == 3)
			return -1;
		value[n++] = v;
		end += strspn(end, " \t");
		if (!*end)
			return n;
		if (*end != ',' && *end != ';')
			return -1;
		line = end + 1;
	}
}

/* The first line, if it does not begin with a number. */
static bool
is_heading(const char *line, int number)
{
	char *end;

	strtod(line, &end);
	return number == 1 && end == line;
}

static bool
read_line(struct reading *r, char *line, int number, struct status *st)
{
	double value[3] = {0, 0, 1};
	char shown[64];
	int n;

	line += number == 1 && strncmp(line, "\xef\xbb\xbf", 3) == 0 ? 3 : 0; /* a byte order mark */
	line += strspn(line, " \t");
	line[strcspn(line, "\r\n")] = '\0';
	if (!*line || *line == '#')
		return true;
	n = line_numbers(line, value);
	if (is_heading(line, number))
		return true;
	if (n < 2 || (r->count > 0 && n != r->columns))
		return status_fail(st, STATUS_DATA, "line %d is \"%.40s\"; expected %s", number,
				   text_escape(line, shown, sizeof(shown)),
				   r->count > 0 && r->columns == 3 ? "x,y,weight" : "x,y (or x,y,weight on every line)");
	if (!reading_room(r, st))
		return false;
	r->columns = n;
	for (int k = 0; k < 3; k++)
		r->column[k][r->count] = value[k];
	r->count++;
	return true;
}

static bool
read_lines(struct reading *r, FILE *file, struct status *st)
{
	char *line = NULL;
	size_t size = 0;
	bool ok = true;

	for (int number = 1; ok && getline(&line, &size, file) >= 0; number++)
		ok = read_line(r, line, number, st);
	free(line);
	if (ok && ferror(file))
		return status_fail(st, STATUS_DATA, "%s", strerror(errno));
	return ok;
}

struct curve *
curve_read(const char *path, struct status *st)
{
	const char *slash = strrchr(path, '/');
	struct reading r = {0};
	struct curve *curve = NULL;
	char name[200];
	FILE *file = file_open(path, FILE_TEXT_MAX, st);

	if (!file)
		return NULL;
	text_escape(path, name, sizeof(name));
	if (read_lines(&r, file, st))
		curve = curve_points(text_escape(slash ? slash + 1 : path, (char[200]){0}, 200), r.column[0], r.column[1],
				     r.column[2], r.count, st);
	fclose(file);
	for (int k = 0; k < 3; k++)
		free(r.column[k]);
	if (!curve)
		status_prefix(st, "%s", name);
	return curve;
}

/* The line through the two points beside x; beyond the ends that of the last two. */
static double
table_eval(const struct curve *curve, double x)
{
	int low = 0, high = curve->count - 1;

	while (high - low > 1) {
		int middle = (low + high) / 2;

		if (x < curve->x[middle])
			high = middle;
		else
			low = middle;
	}
	return curve->y[low] + (curve->y[high] - curve->y[low]) * ((x - curve->x[low]) / (curve->x[high] - curve->x[low]));
}

double
curve_eval(const struct curve *curve, double x)
{
	return curve->expression ? expression_eval(curve->expression, x) : table_eval(curve, x);
}
