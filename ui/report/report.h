/* The pieces and the sections of a report. They append to its document; an error leaves what was appended before. */
#ifndef SPIKESCOPE_UI_REPORT_H
#define SPIKESCOPE_UI_REPORT_H

#include "ui/output/answer.h"
#include "ui/output/document.h"
#include "ui/workbench/app.h"

enum { REPORT_COLUMNS = 100 }; /* width of its pictures, in cells */

/* What is reported: a run, or a session with its last run that has a plan. */
struct report {
	struct app *app;
	struct document *d;
	struct canvas_style style; /* of pictures: Markdown has them as text */
	int64_t run;               /* 0: of a session */
	int64_t session;           /* whose commands are told; 0: none */
	int64_t subject;           /* the run whose plan is described; 0: none */
	char plan[HASH_HEX], model[HASH_HEX];
	char kind[40];
};

/* --- pieces --------------------------------------------------------------- */

struct query_value report_number_value(int64_t number);
struct query_value report_text_value(const char *text); /* refers to the text */

/* Asks the notebook with ?1 = value. The caller frees the answer; NULL on error. */
struct answer *report_ask(struct report *r, const char *sql, struct query_value value, struct status *st);

/* The number that is asked for; 0 when there is none, or on error (st says which). */
int64_t report_find(struct report *r, const char *sql, struct query_value value, struct status *st);

/* The rows as a table; the text `otherwise` (or nothing, when NULL) when there are none. */
bool report_table(struct report *r, const char *sql, struct query_value value, const char *otherwise, struct status *st);

/* The first row as pairs of a name and a value, of at most 32 columns that are not NULL. */
bool report_facts(struct report *r, const char *sql, struct query_value value, struct status *st);

/* A view of the workbench as it stands, columns x rows cells. */
bool report_view(struct report *r, const char *name, int columns, int rows, const char *caption, struct status *st);

/* --- sections of a plan (r->plan) ------------------------------------------ */

bool report_plan(struct report *r, struct status *st);      /* its neurons, levels and functions by place */
bool report_accuracy(struct report *r, struct status *st);  /* by t, of the evaluation that saw most pictures */
bool report_tuning(struct report *r, struct status *st);    /* the candidates; nothing when it was not tuned */
bool report_ladder(struct report *r, struct status *st);    /* from the ANN to spikes */
bool report_energy(struct report *r, struct status *st);    /* by rule and by place */
bool report_attention(struct report *r, struct status *st); /* of the picture shown, stepped here when needed */

#endif
