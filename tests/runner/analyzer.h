/*
 * For clang's analyzer only, put before each source: an error reported is an error returned. It sees one
 * source at a time and would else follow paths on which these functions return OK.
 */
#include "base/err.h"
#include "http/route.h"

#define err_set(e, err, ...) ((void)err_set(e, err, __VA_ARGS__), err)
#define req_fail(rq, err, ...) ((void)req_fail(rq, err, __VA_ARGS__), err)
