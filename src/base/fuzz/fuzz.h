/* One entry point per format; each checks what must hold for any input and aborts when it does not.
 */
#ifndef GEZHI_BASE_FUZZ_FUZZ_H
#define GEZHI_BASE_FUZZ_FUZZ_H

#include "base/str.h"

struct fuzz_target {
	const char *name;
	void (*run)(struct str input);
	const char *const *seed; /* NULL-terminated */
};

extern const struct fuzz_target fuzz_targets[];
extern const size_t fuzz_target_count;

#endif
