/* The explicit list of modules: nothing registers itself. */
#include "main/modules.h"

#include "core/account.h"
#include "core/file.h"
#include "core/import_job.h"
#include "core/matter.h"
#include "core/retain.h"
#include "core/system.h"
#include "mod/atlas/atlas.h"
#include "mod/calendar/calendar.h"
#include "mod/centre/centre.h"
#include "mod/collect/collect.h"
#include "mod/duty/duty.h"
#include "mod/event/event.h"
#include "mod/kpi/kpi.h"
#include "mod/map/map.h"
#include "mod/party/party.h"
#include "mod/place/place.h"
#include "mod/planner/planner.h"
#include "mod/registry/registry.h"
#include "mod/self/self.h"
#include "mod/task/task.h"

const struct module *const gezhi_modules[] = {
	&account_module,
	&file_module,
	&import_module,
	&matter_module,
	&system_module,
	&retain_module,
	&calendar_module,
	&place_module,
	&party_module,
	&duty_module,
	&map_module,
	&event_module,
	&task_module,
	&centre_module,
	&kpi_module,
	&registry_module,
	&self_module,
	&atlas_module,
	&collect_module,
	&planner_module,
	NULL,
};
