/* Private to the event module: units beside the lead, parts, merged events, supporters. */
#ifndef GEZHI_MOD_EVENT_LINKS_H
#define GEZHI_MOD_EVENT_LINKS_H

#include "mod/event/event.h"

enum unit_role { UNIT_ROLE_LEAD, UNIT_ROLE_COOP, UNIT_ROLE_WHISTLE };

enum err link_unit(struct act *a, int64_t unit_id, enum unit_role role, int64_t arrive_by) MUST_CHECK;
/* A JSON array of unit ids. */
enum err link_units(struct act *a, struct str ids, enum unit_role role, int64_t arrive_by, const char *field) MUST_CHECK;

#endif
