/* Private to the event module: what residents do without an account. */
#ifndef GEZHI_MOD_EVENT_PUBLIC_H
#define GEZHI_MOD_EVENT_PUBLIC_H

#include "http/route.h"

/* A code, a new report, what is told of one. */
extern const struct shape public_code_shape, public_created_shape, public_report_shape;

enum err public_codes(struct req *rq, struct jw *out);
enum err public_report(struct req *rq, struct jw *out);
enum err public_follow(struct req *rq, struct jw *out);
enum err public_act(struct req *rq, struct jw *out);

#endif
