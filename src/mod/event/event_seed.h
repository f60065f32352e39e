/* What a new store starts with: codes, deadlines, reasons. */
#ifndef GEZHI_MOD_EVENT_SEED_H
#define GEZHI_MOD_EVENT_SEED_H

#include "mod/event/event.h"

struct code_seed {
	const char *code, *zh, *en;
	int track, urgency;
	const char *accept, *handle; /* NULL: by urgency */
	const char *lead;	     /* department alias, "board" (the street's) or "community" */
	int sealed, photo;
};
struct deadline_seed {
	int urgency, clock;
	const char *span;
};
struct reason_seed {
	const char *action, *code, *zh, *en;
};

extern const struct code_seed code_seeds[];
extern const size_t ncode_seeds;
extern const struct deadline_seed deadline_seeds[];
extern const size_t ndeadline_seeds;
extern const struct reason_seed reason_seeds[];
extern const size_t nreason_seeds;

#endif
