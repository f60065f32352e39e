/*
 * Tasks: work that goes from above to several units at once, each with its own part and the same date.
 * The second kind of matter; it shares the events' deadlines and measures.
 */
#ifndef GEZHI_MOD_TASK_TASK_H
#define GEZHI_MOD_TASK_TASK_H

#include "core/app.h"
#include "core/matter.h"

enum { TASK_RECIPIENTS_MAX = 400 };

struct task_in {
	struct str title, text, basis, recipients;
	int64_t due, urgency, duty_item_id, work;
};
extern const struct fields task_in_fields;

/* The six kinds of work a grid does, and one for emergencies and admitted temporary work (6+1). */
enum task_work { WORK_POLICY, WORK_DATA, WORK_OPINION, WORK_HAZARD, WORK_DISPUTE, WORK_SERVICE, WORK_TEMPORARY };
extern const struct vocab task_work_vocab;

extern const struct matter_kind task_kind;
extern const struct module task_module;

#endif
