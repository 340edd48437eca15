/* The program's own rules, src/study/rules.json, compiled in by scripts/embed-text. */
#ifndef SPIKESCOPE_STUDY_RULES_TEXT_H
#define SPIKESCOPE_STUDY_RULES_TEXT_H

extern const char rules_text[];

#endif
