/*
 * Believable Chinese texts for invented events: what is reported, how it ended, why it was returned
 * or delayed; and invented people. No identity numbers; telephone numbers come from a range that no
 * subscriber has.
 */
#ifndef GEZHI_MOD_DEMO_TEXT_H
#define GEZHI_MOD_DEMO_TEXT_H

#include "base/arena.h"
#include "base/str.h"
#include "mod/demo/demo_rand.h"

/* What a text speaks about. */
struct demo_scene {
	struct str place; /* community or estate; absent: 本小区 */
	int hour;         /* of the report, 0 … 23; the text's times lie before it */
};

struct demo_report {
	struct str title, text;
	struct str ending; /* what was done about it */
};

enum demo_reason {
	DEMO_RETURN,      /* 退单: not this unit's duty */
	DEMO_EXTENSION,   /* 延期 */
	DEMO_PAUSE,       /* 挂起 */
	DEMO_REJECTION,   /* 不予受理, with where to go instead */
	DEMO_CHECK_FAIL,  /* 核查不通过 */
	DEMO_REOPEN,      /* 重新办理 */
	DEMO_HARD_CASE,   /* 挂账 */
	DEMO_SUPERVISION, /* 督办 */
	DEMO_PRAISE,      /* 评价：满意 */
	DEMO_COMPLAINT,   /* 评价：不满意 */
	DEMO_REASON_MAX
};

/* Texts live in `a` and are absent when it is full. */

/* Number of event codes, and the i-th of them (domain codes such as "MS24"). */
size_t demo_text_codes(void);
const char *demo_text_code(size_t i);
/* False for an unknown code; `ret` is then untouched. */
bool demo_text_event(struct demo_rand *r, struct arena *a, const char *code,
	const struct demo_scene *scene, struct demo_report *ret);
struct str demo_text_reason(struct demo_rand *r, struct arena *a, enum demo_reason why);

struct str demo_text_person(struct demo_rand *r, struct arena *a); /* 姓 + one or two characters */
struct str demo_text_company(struct demo_rand *r, struct arena *a); /* invented */
struct str demo_text_shop(struct demo_rand *r, struct arena *a);
/* 11 digits beginning 1400: a prefix not given to persons, yet accepted as a mobile number. */
struct str demo_text_phone(struct demo_rand *r, struct arena *a);

#endif
