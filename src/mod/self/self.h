/*
 * A person's own page: what is held about them, why, from where and since when; who read it in full; and
 * what they may ask for: correction, explanation, withdrawal of a consent, deletion (Personal Information
 * Protection Law, articles 44 to 50). A child under fourteen through a guardian.
 *
 * Whose account it is was proven at a counter: staff look at the document and hand over a code that is
 * good once. Nothing else leads from an account to a person.
 */
#ifndef GEZHI_MOD_SELF_SELF_H
#define GEZHI_MOD_SELF_SELF_H

#include "core/matter.h"

enum { HOLDER_CODE = 8, HOLDER_CODE_DAYS = 7, ANSWER_DAYS = 15 /* working days */ };

extern const struct matter_kind data_kind;
extern const struct module self_module;

#endif
