/* Entry point for libFuzzer or AFL++; GEZHI_FUZZ chooses the target by its number. */
#include "base/fuzz/fuzz.h"

#ifndef GEZHI_FUZZ
#define GEZHI_FUZZ 0
#endif

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t n);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t n)
{
	fuzz_targets[GEZHI_FUZZ].run((struct str){ (const char *)data, n });
	return 0;
}
