#include "ugo/fit/minimax.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CELLS_LEAST = 512, CELLS_PER_PIECE = 12, QUARTERS = 4, EXTREMA = 4 };

static const double close_enough = 1.0001;

struct point {
	double x, y;
};

/* The samples, mirrored or not, and the tube about them. */
struct tube {
	const double *x, *y, *v;
	int count;
	bool mirrored; /* x runs from the right end to the left one */
	double eps;
};

static struct point
sample_at(const struct tube *tube, int i)
{
	int at = tube->mirrored ? tube->count - 1 - i : i;

	return (struct point){tube->mirrored ? -tube->x[at] : tube->x[at], tube->y[at]};
}

/* side 1: the upper edge, -1: the lower one. */
static struct point
edge_at(const struct tube *tube, int i, int side)
{
	struct point p = sample_at(tube, i);

	p.y += side * tube->eps * tube->v[tube->mirrored ? tube->count - 1 - i : i];
	return p;
}

struct line {
	double slope;
	struct point at;
};

static double
line_at(const struct line *line, double x)
{
	return line->at.y + line->slope * (x - line->at.x);
}

static double
slope_between(struct point a, struct point b)
{
	return (b.y - a.y) / (b.x - a.x);
}

/* A chain of contacts, convex away from the tube: caps from above (side 1), floors
 * from below (side -1). */
struct hull {
	struct point *at;
	int count, side;
};

static void
hull_push(struct hull *hull, struct point p)
{
	while (hull->count > 1) {
		double a = slope_between(hull->at[hull->count - 2], hull->at[hull->count - 1]);
		double b = slope_between(hull->at[hull->count - 2], p);

		if (hull->side * (a - b) < 0)
			break;
		hull->count--;
	}
	hull->at[hull->count++] = p;
}

/* The line through p that touches the hull: the steepest that stays below caps, or the least steep above floors,
 * seen from p backwards. */
static double
hull_tangent(const struct hull *hull, struct point p)
{
	int i = hull->count - 1;
	double slope = slope_between(hull->at[i], p);

	while (i > 0) {
		double next = slope_between(hull->at[i - 1], p);

		if (hull->side * (next - slope) < 0)
			break;
		slope = next;
		i--;
	}
	return slope;
}

/* A link in the making: bounds on its line, and what bounds them. */
struct link {
	struct hull cap, floor;
	struct line most, least; /* the steepest line so far, and the least steep one */
	int cap_at, floor_at;    /* samples where these last touched: an upper and a lower edge */
};

struct path {
	struct line *line;  /* [links] */
	double *low, *high; /* [links]: where the crossing with the link before lies */
	int links, room;
	struct link link;
};

static void
link_start(struct link *link, struct point cap, struct point floor)
{
	link->cap.count = link->floor.count = 0;
	link->cap.side = 1;
	link->floor.side = -1;
	hull_push(&link->cap, cap);
	hull_push(&link->floor, floor);
	link->most = (struct line){INFINITY, floor};
	link->least = (struct line){-INFINITY, cap};
}

static void
link_see(struct link *link, const struct tube *tube, int j)
{
	struct point cap = edge_at(tube, j, 1), floor = edge_at(tube, j, -1);

	if (!isfinite(link->least.slope) || floor.y > line_at(&link->least, floor.x)) {
		double slope = hull_tangent(&link->cap, floor);

		if (slope > link->least.slope) {
			link->least = (struct line){slope, floor};
			link->floor_at = j;
		}
	}
	if (!isfinite(link->most.slope) || cap.y < line_at(&link->most, cap.x)) {
		double slope = hull_tangent(&link->floor, cap);

		if (slope < link->most.slope) {
			link->most = (struct line){slope, cap};
			link->cap_at = j;
		}
	}
	hull_push(&link->cap, cap);
	hull_push(&link->floor, floor);
}

/* Where the line leaves the edge between samples j - 1 and j. */
static struct point
leaving(const struct tube *tube, const struct line *line, int j, int side)
{
	struct point a = edge_at(tube, j - 1, side), b = edge_at(tube, j, side);
	double da = line_at(line, a.x) - a.y, db = line_at(line, b.x) - b.y, share = da == db ? 0 : da / (da - db);
	double x = a.x + (b.x - a.x) * fmin(fmax(share, 0), 1);

	if (x >= b.x)
		x = nextafter(b.x, -INFINITY);
	return (struct point){x, line_at(line, x)};
}

/* Closes a link with `line`, which touched sample `touch` and leaves the tube before
 * sample j over the edge `side`; the next one starts from there. */
static bool
path_close(struct path *path, const struct tube *tube, struct line line, int touch, int j, int side)
{
	struct point out = leaving(tube, &line, j, side), in = edge_at(tube, touch, -side);
	struct hull *inner = side < 0 ? &path->link.cap : &path->link.floor;

	if (path->links + 1 >= path->room)
		return false;
	in.y = line_at(&line, in.x);
	path->line[path->links++] = line;
	path->low[path->links] = in.x;
	path->high[path->links] = out.x;
	link_start(&path->link, side < 0 ? in : out, side < 0 ? out : in);
	for (int i = touch + 1; i < j; i++)
		hull_push(inner, edge_at(tube, i, -side));
	path->link.cap_at = path->link.floor_at = j - 1;
	return true;
}

/* The first link, level: as far as the tube allows. Returns the sample behind it;
 * count when it reaches the end, 0 when there is no room. */
static int
path_level(struct path *path, const struct tube *tube)
{
	double floor = -INFINITY, cap = INFINITY;
	int floor_at = 0, cap_at = 0;

	for (int j = 0; j < tube->count; j++) {
		double low = edge_at(tube, j, -1).y, high = edge_at(tube, j, 1).y;
		struct line line = {0, {sample_at(tube, 0).x, low > cap ? cap : floor}};

		if (low > cap)
			return path_close(path, tube, line, cap_at, j, -1) ? j : 0;
		if (high < floor)
			return path_close(path, tube, line, floor_at, j, 1) ? j : 0;
		if (low > floor) {
			floor = low;
			floor_at = j;
		}
		if (high < cap) {
			cap = high;
			cap_at = j;
		}
	}
	path->line[path->links++] = (struct line){0, {sample_at(tube, 0).x, (floor + cap) / 2}};
	return tube->count;
}

/* Any line between the two bounds goes through to the end. */
static struct line
link_middle(const struct link *link, double from, double to)
{
	double a = (line_at(&link->most, from) + line_at(&link->least, from)) / 2;
	double b = (line_at(&link->most, to) + line_at(&link->least, to)) / 2;

	return (struct line){(b - a) / (to - from), {from, a}};
}

/* False when it takes more links than path->room. level: the first one is level. */
static bool
path_find(struct path *path, const struct tube *tube, bool level)
{
	int j = 1;

	path->links = 0;
	if (level) {
		j = path_level(path, tube);
		if (j == 0 || j == tube->count)
			return j > 0;
	} else {
		link_start(&path->link, edge_at(tube, 0, 1), edge_at(tube, 0, -1));
		path->link.cap_at = path->link.floor_at = 0;
	}
	for (; j < tube->count; j++) {
		struct link *link = &path->link;
		double x = sample_at(tube, j).x;
		bool under = isfinite(link->most.slope) && edge_at(tube, j, -1).y > line_at(&link->most, x);
		bool over = isfinite(link->least.slope) && edge_at(tube, j, 1).y < line_at(&link->least, x);

		if (under && !path_close(path, tube, link->most, link->cap_at, j, -1))
			return false;
		if (!under && over && !path_close(path, tube, link->least, link->floor_at, j, 1))
			return false;
		link_see(&path->link, tube, j);
	}
	path->line[path->links++] = link_middle(
	    &path->link, path->link.cap.at[0].x < path->link.floor.at[0].x ? path->link.cap.at[0].x : path->link.floor.at[0].x,
	    sample_at(tube, tube->count - 1).x);
	return path->links <= path->room;
}

/* --- from a path to knots ------------------------------------------------------ */

static struct point
path_knot(const struct path *path, int k)
{
	const struct line *a = &path->line[k - 1], *b = &path->line[k];
	double x = a->slope == b->slope ? path->low[k] : a->at.x + (line_at(b, a->at.x) - a->at.y) / (a->slope - b->slope);

	x = fmin(fmax(x, path->low[k]), path->high[k]);
	return (struct point){x, line_at(a, x)};
}

/* Nodes 0..links of the path in its own direction. */
static void
path_nodes(const struct path *path, const struct tube *tube, struct point *node)
{
	double first = sample_at(tube, 0).x, last = sample_at(tube, tube->count - 1).x;

	node[0] = (struct point){first, line_at(&path->line[0], first)};
	for (int k = 1; k < path->links; k++)
		node[k] = path_knot(path, k);
	node[path->links] = (struct point){last, line_at(&path->line[path->links - 1], last)};
	if (path->links > 1 && path->line[0].slope == 0)
		node[1].y = node[0].y;
}

/* --- where to look ----------------------------------------------------------------- */

/* Left of `split` a mirrored path, right of it one that is not, each with a level first
 * link of one height; split < 0: one path over all. */
struct attempt {
	int pieces;
	bool mirrored, level;
	int split;
};

struct search {
	double *x, *y, *v;
	int count;
	struct path path;
	struct point *node; /* [room + 2], of one path */
};

static void
search_done(struct search *s)
{
	free(s->x);
	free(s->path.line);
	free(s->path.low);
	free(s->path.link.cap.at);
	free(s->node);
}

static bool
search_new(struct search *s, int count, int room, struct status *st)
{
	size_t n = (size_t)count, m = (size_t)room + 2;

	*s = (struct search){.x = malloc(3 * n * sizeof(double)), .node = malloc(m * sizeof(*s->node))};
	s->path.line = malloc(m * sizeof(*s->path.line));
	s->path.low = malloc(2 * m * sizeof(double));
	s->path.link.cap.at = malloc(2 * (n + 2) * sizeof(struct point));
	if (!s->x || !s->node || !s->path.line || !s->path.low || !s->path.link.cap.at) {
		search_done(s);
		return status_nomem(st, "a minimax fit");
	}
	s->y = s->x + n;
	s->v = s->y + n;
	s->path.high = s->path.low + m;
	s->path.link.floor.at = s->path.link.cap.at + n + 2;
	return true;
}

static void
search_add(struct search *s, const struct target *target, double x, double y)
{
	if (s->count > 0 && !(x > s->x[s->count - 1])) /* samples drawn twice */
		return;
	s->x[s->count] = x;
	s->y[s->count] = y;
	s->v[s->count++] = target_unit(target, y);
}

/* The places of the cells and their quarters: a jump or kink must have samples on both sides. */
static bool
search_cells(struct search *s, const struct target *target, int pieces, struct status *st)
{
	int count = CELLS_PER_PIECE * pieces > CELLS_LEAST ? CELLS_PER_PIECE * pieces : CELLS_LEAST;
	struct cells cells = {0};
	bool ok = cells_make(&cells, target, SAMPLE_PEAK, count, st) && search_new(s, QUARTERS * cells.count + 1, pieces, st);

	for (int i = 0; ok && i < cells.count; i++)
		for (int k = 0; k < QUARTERS; k++)
			search_add(s, target, cells.at[i].a + (cells.at[i].b - cells.at[i].a) * k / QUARTERS, cells.at[i].f[k]);
	if (ok)
		search_add(s, target, target->hi, cells.at[cells.count - 1].f[4]);
	cells_done(&cells);
	return ok;
}

static bool
search_points(struct search *s, const struct target *target, int pieces, struct status *st)
{
	const struct samples *points = target->points;

	if (!search_new(s, points->count + 2, pieces, st))
		return false;
	if (points->x[0] > target->lo)
		search_add(s, target, target->lo, points->y[0]);
	for (int i = 0; i < points->count; i++)
		search_add(s, target, points->x[i], points->y[i]);
	if (points->x[points->count - 1] < target->hi)
		search_add(s, target, target->hi, points->y[points->count - 1]);
	return true;
}

/* One path over samples first.. of the search. Adds its nodes but those of the shared
 * level link to knots unless that is NULL. Returns its links, 0 when there is none. */
static int
attempt_path(struct search *s, double eps, int first, int count, bool mirrored, bool level, int room, struct tube *tube)
{
	*tube = (struct tube){s->x + first, s->y + first, s->v + first, count, mirrored, eps};
	s->path.room = room;
	return path_find(&s->path, tube, level) ? s->path.links : 0;
}

static void
knots_take(struct knots *knots, int at, const struct point *node, int from, int to, bool mirrored)
{
	for (int k = from; k <= to; k++) {
		int place = mirrored ? at + (to - k) : at + (k - from);

		knots->t[place] = mirrored ? -node[k].x : node[k].x;
		knots->y[place] = node[k].y;
	}
}

/* Writes knots when there are any to be had with this eps. */
static bool
attempt_whole(struct search *s, const struct attempt *attempt, double eps, struct knots *knots)
{
	struct tube tube;
	int links = attempt_path(s, eps, 0, s->count, attempt->mirrored, attempt->level, attempt->pieces, &tube);

	if (links == 0 || !knots)
		return links > 0;
	path_nodes(&s->path, &tube, s->node);
	knots_take(knots, 0, s->node, 0, links, attempt->mirrored);
	knots->n = links;
	return true;
}

static bool
attempt_halves(struct search *s, const struct attempt *attempt, double eps, struct knots *knots)
{
	struct tube tube;
	int left = attempt_path(s, eps, 0, attempt->split + 1, true, true, attempt->pieces, &tube), right;
	double level = left > 1 ? s->path.line[0].at.y : NAN;

	if (left < 2)
		return false;
	if (knots) {
		path_nodes(&s->path, &tube, s->node);
		knots_take(knots, 0, s->node, 1, left, true);
	}
	right = attempt_path(s, eps, attempt->split, s->count - attempt->split, false, true, attempt->pieces - left + 1, &tube);
	if (right < 2 || s->path.line[0].at.y != level)
		return false;
	if (knots) {
		path_nodes(&s->path, &tube, s->node);
		knots_take(knots, left, s->node, 1, right, false);
		knots->n = left + right - 1;
	}
	return true;
}

static bool
attempt_eps(struct search *s, const struct attempt *attempt, double eps, struct knots *knots)
{
	return attempt->split < 0 ? attempt_whole(s, attempt, eps, knots) : attempt_halves(s, attempt, eps, knots);
}

/* The least eps for the attempt, below `best`; INFINITY when there is none. */
static double
attempt_bisect(struct search *s, const struct attempt *attempt, double best, double least)
{
	double low = least, high = best;

	if (!attempt_eps(s, attempt, high, NULL))
		return INFINITY;
	if (attempt_eps(s, attempt, low, NULL))
		return low;
	while (high > close_enough * low) {
		double middle = high > 4 * low ? sqrt(low * high) : (low + high) / 2;

		if (attempt_eps(s, attempt, middle, NULL))
			high = middle;
		else
			low = middle;
	}
	return high;
}

/* Up to EXTREMA samples that are higher or lower than both neighbours, the outstanding first. */
static int
find_extrema(const struct search *s, int *at)
{
	int found = 0;

	for (int i = 1; i + 1 < s->count && found < EXTREMA; i++) {
		double before = s->y[i] - s->y[i - 1], after = s->y[i + 1] - s->y[i];

		if (before * after < 0 || (before != 0 && after == 0))
			at[found++] = i;
	}
	return found;
}

/* The largest |y - middle| in units: an eps that one level link always meets. */
static double
level_error(const struct search *s)
{
	double low = s->y[0], high = s->y[0], worst = 0;

	for (int i = 0; i < s->count; i++) {
		low = fmin(low, s->y[i]);
		high = fmax(high, s->y[i]);
	}
	for (int i = 0; i < s->count; i++)
		worst = fmax(worst, fabs(s->y[i] - (low + high) / 2) / s->v[i]);
	return worst;
}

/* Returns the eps; knots may be NULL. */
static double
search_best(struct search *s, struct knots *knots, int hidden)
{
	struct attempt attempt[3 + EXTREMA] = {
	    {hidden, false, false, -1}, {hidden + 1, false, true, -1}, {hidden + 1, true, true, -1}};
	int extremum[EXTREMA], count = 3, kept = -1;
	double worst = level_error(s), least = 1e-14 * worst, best = worst * 1.001;

	for (int i = find_extrema(s, extremum); i-- > 0;)
		attempt[count++] = (struct attempt){hidden + 1, false, true, extremum[i]};
	for (int i = 0; i < count; i++) {
		double eps = worst > 0 ? attempt_bisect(s, &attempt[i], kept < 0 ? best : best / 1.0005, least) : 0;

		if (!isfinite(eps))
			continue;
		best = eps;
		kept = i;
		if (eps <= least)
			break;
	}
	if (knots)
		attempt_eps(s, &attempt[kept < 0 ? 1 : kept], best, knots);
	return best;
}

/* --- jumps -------------------------------------------------------------------------- */

/* Where the samples jump: neighbours as close as bisection goes, values apart. */
static bool
check_jumps(const struct search *s, const struct target *target, struct status *st)
{
	double close = 1e-9 * (target->hi - target->lo), low = s->y[0], high = s->y[0];

	for (int i = 1; i < s->count; i++) {
		low = fmin(low, s->y[i]);
		high = fmax(high, s->y[i]);
	}
	for (int i = 1; i < s->count; i++) {
		double jump = fabs(s->y[i] - s->y[i - 1]);

		if (s->x[i] - s->x[i - 1] < close && jump > 1e-4 * (high - low))
			return status_fail(st, STATUS_USAGE,
					   "minimax is ill-posed here: the function jumps by %.3g at x = %.6g, and a continuous "
					   "one is off by at least half of that beside it, whatever its size; fit mse",
					   jump, s->x[i]);
	}
	return true;
}

static bool
search_open(struct search *s, const struct target *target, int hidden, struct status *st)
{
	if (target->points)
		return search_points(s, target, hidden + 1, st);
	if (!search_cells(s, target, hidden + 1, st))
		return false;
	if (check_jumps(s, target, st))
		return true;
	search_done(s);
	return false;
}

bool
minimax_fit(struct knots *knots, const struct target *target, int hidden, struct status *st)
{
	struct search s = {0};

	if (!search_open(&s, target, hidden, st))
		return false;
	search_best(&s, knots, hidden);
	search_done(&s);
	return true;
}

double
minimax_bound(const struct target *target, int hidden)
{
	struct search s = {0};
	double bound;

	if (!search_open(&s, target, hidden, NULL))
		return NAN;
	bound = search_best(&s, NULL, hidden);
	search_done(&s);
	return bound;
}
