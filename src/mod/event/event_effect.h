/* Private to the event module: the effects named in the flow table. Each may refuse with a precise error. */
#ifndef GEZHI_MOD_EVENT_EFFECT_H
#define GEZHI_MOD_EVENT_EFFECT_H

#include "mod/event/event.h"

/* What a reporter may still do, how long and how often. */
enum { RATE_DAYS = 7, REOPEN_DAYS = 15, REOPEN_MAX = 2 };

/* A member of the data object, such as "appealed", "lead_fixed". */
bool event_has_flag(const struct matter *m, const char *name);

enum err do_absorb(struct act *a) MUST_CHECK;
enum err do_accept(struct act *a) MUST_CHECK;
enum err do_alarm(struct act *a) MUST_CHECK;
enum err do_appeal(struct act *a) MUST_CHECK;
enum err do_archive(struct act *a) MUST_CHECK;
enum err do_arrive(struct act *a) MUST_CHECK;
enum err do_ask_extend(struct act *a) MUST_CHECK;
enum err do_ask_pause(struct act *a) MUST_CHECK;
enum err do_ask_refuse(struct act *a) MUST_CHECK;
enum err do_close(struct act *a) MUST_CHECK;
enum err do_close_sealed(struct act *a) MUST_CHECK;
enum err do_consult(struct act *a) MUST_CHECK;
enum err do_dispatch(struct act *a) MUST_CHECK;
enum err do_edit(struct act *a) MUST_CHECK;
enum err do_extend_grant(struct act *a) MUST_CHECK;
enum err do_fail(struct act *a) MUST_CHECK;
enum err do_fail_sealed(struct act *a) MUST_CHECK;
enum err do_finish(struct act *a) MUST_CHECK;
enum err do_hard_case(struct act *a) MUST_CHECK;
enum err do_hard_resume(struct act *a) MUST_CHECK;
enum err do_join(struct act *a) MUST_CHECK;
enum err do_merge(struct act *a) MUST_CHECK;
enum err do_object(struct act *a) MUST_CHECK;
enum err do_part(struct act *a) MUST_CHECK;
enum err do_pause_grant(struct act *a) MUST_CHECK;
enum err do_rate(struct act *a) MUST_CHECK;
enum err do_recall(struct act *a) MUST_CHECK;
enum err do_reject(struct act *a) MUST_CHECK;
enum err do_reopen(struct act *a) MUST_CHECK;
enum err do_report(struct act *a) MUST_CHECK;
enum err do_report_sealed(struct act *a) MUST_CHECK;
enum err do_resume(struct act *a) MUST_CHECK;
enum err do_return(struct act *a) MUST_CHECK;
enum err do_return_accept(struct act *a) MUST_CHECK;
enum err do_return_refuse(struct act *a) MUST_CHECK;
enum err do_review_due(struct act *a) MUST_CHECK;
enum err do_self_close(struct act *a) MUST_CHECK;
enum err do_split(struct act *a) MUST_CHECK;
enum err do_supervise(struct act *a) MUST_CHECK;
enum err do_supervise_reply(struct act *a) MUST_CHECK;
enum err do_support(struct act *a) MUST_CHECK;
enum err do_transfer(struct act *a) MUST_CHECK;
enum err do_transfer_sealed(struct act *a) MUST_CHECK;
enum err do_unaccept(struct act *a) MUST_CHECK;
enum err do_unmerge(struct act *a) MUST_CHECK;
enum err do_unreturn(struct act *a) MUST_CHECK;
enum err do_whistle(struct act *a) MUST_CHECK;
enum err do_whistle_rate(struct act *a) MUST_CHECK;

/* After every stored action: joins parents, tells supporters and followers. */
enum err event_after(struct act *a) MUST_CHECK;
bool event_offers(const struct act *a, const struct transition *t);

#endif
