/* Private to the event module: likely duplicates. */
#ifndef GEZHI_MOD_EVENT_SIMILAR_H
#define GEZHI_MOD_EVENT_SIMILAR_H

#include "http/route.h"

extern const struct param similar_params[6];
extern const struct shape similar_shape; /* one of them */
enum err event_similar(struct req *rq, struct jw *out);

#endif
