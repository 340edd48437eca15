/* What a fit was asked for: checks, and what becomes of it; the inside of the fitters. */
#ifndef SPIKESCOPE_UGO_REQUEST_H
#define SPIKESCOPE_UGO_REQUEST_H

#include "ugo/fit/sample.h"

/* All but the values of the function. */
bool request_check(const struct ugo_request *request, struct status *st);
/* Finite values that float32 holds; of points also that they are more than the neurons. */
bool request_check_cells(const struct ugo_request *request, const struct cells *cells, struct status *st);
bool request_check_points(const struct ugo_request *request, const struct samples *points, struct status *st);

/* Borrows from request. */
struct target request_target(const struct ugo_request *request);

/* Name, function, range, aims and density into u, which has its arrays. */
bool request_keep(struct ugo *u, const struct ugo_request *request, struct status *st);

#endif
