/*
 * For the analysers only, put before each source: an error reported is an error returned. They see one
 * source at a time and would else follow paths on which these functions return OK.
 */
#include "base/err.h"
#include "http/route.h"

#define err_set(e, why, ...)                            \
	__extension__({                                 \
		enum err reported = why;                \
		(void)err_set(e, reported, __VA_ARGS__); \
		reported;                               \
	})
#define req_fail(rq, why, ...)                            \
	__extension__({                                   \
		enum err reported = why;                  \
		(void)req_fail(rq, reported, __VA_ARGS__); \
		reported;                                 \
	})
