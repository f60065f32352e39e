-- Plans that split, merge or re-partition grids or micro-grids: a row per building with the part it goes to,
-- and, once they are in force, what was carried over, so that it can come back.
CREATE TABLE grid_plan (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	place BIGINT NOT NULL,
	level SMALLINT NOT NULL,
	kind SMALLINT NOT NULL,
	state SMALLINT NOT NULL,
	reason TEXT NOT NULL,
	effective BIGINT,
	norm_target BIGINT NOT NULL,
	norm_low BIGINT NOT NULL,
	norm_high BIGINT NOT NULL,
	proposed_by BIGINT,
	submitted_at BIGINT,
	submitted_by BIGINT,
	decided_at BIGINT,
	decided_by BIGINT,
	decision TEXT,
	applied_at BIGINT,
	applied_by BIGINT,
	undone_at BIGINT,
	undone_by BIGINT,
	problem TEXT,
	was TEXT NOT NULL,
	becomes TEXT NOT NULL,
	carried TEXT,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	created_by BIGINT
);
CREATE INDEX grid_plan_place ON grid_plan (place);
CREATE INDEX grid_plan_due ON grid_plan (effective) WHERE state = 2;

-- lies_at: the building's place when the plan was made; unit_code: its grid (or micro-grid) then, NULL: none;
-- became: its place since the plan is in force.
CREATE TABLE grid_plan_cell (
	plan_id BIGINT NOT NULL REFERENCES grid_plan (id),
	building_id BIGINT NOT NULL,
	lies_at BIGINT NOT NULL,
	unit_code BIGINT,
	part BIGINT NOT NULL,
	households BIGINT NOT NULL,
	lon DOUBLE PRECISION NOT NULL,
	lat DOUBLE PRECISION NOT NULL,
	became BIGINT,
	PRIMARY KEY (plan_id, building_id)
);

CREATE TABLE grid_plan_part (
	plan_id BIGINT NOT NULL REFERENCES grid_plan (id),
	part BIGINT NOT NULL,
	origin BIGINT,
	name TEXT NOT NULL,
	code BIGINT,
	PRIMARY KEY (plan_id, part)
);

CREATE TABLE grid_plan_move (
	plan_id BIGINT NOT NULL REFERENCES grid_plan (id),
	n BIGINT NOT NULL,
	object TEXT NOT NULL,
	object_id BIGINT NOT NULL,
	from_place BIGINT,
	to_place BIGINT,
	from_unit BIGINT,
	to_unit BIGINT,
	PRIMARY KEY (plan_id, n)
);
CREATE INDEX grid_plan_move_object ON grid_plan_move (object_id);
