-- Event codes, their questions and rules: data that an administrator edits.

CREATE TABLE event_code (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	code TEXT NOT NULL UNIQUE,
	name_zh TEXT NOT NULL,
	name_en TEXT NOT NULL,
	track SMALLINT NOT NULL,
	urgency SMALLINT NOT NULL,
	accept TEXT,
	handle TEXT,
	lead TEXT,
	sealed SMALLINT NOT NULL DEFAULT 0,
	photo SMALLINT NOT NULL DEFAULT 0,
	public SMALLINT NOT NULL DEFAULT 1,
	active SMALLINT NOT NULL DEFAULT 1,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	created_by BIGINT
);

CREATE TABLE code_question (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	code_id BIGINT NOT NULL REFERENCES event_code (id),
	position BIGINT NOT NULL,
	name TEXT NOT NULL,
	question_zh TEXT NOT NULL,
	question_en TEXT NOT NULL,
	type SMALLINT NOT NULL,
	required SMALLINT NOT NULL DEFAULT 0,
	choices TEXT,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	created_by BIGINT,
	UNIQUE (code_id, name)
);

CREATE TABLE deadline_rule (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	urgency SMALLINT NOT NULL,
	clock SMALLINT NOT NULL,
	span TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	created_by BIGINT,
	UNIQUE (urgency, clock)
);

CREATE TABLE reason (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	action TEXT NOT NULL,
	code TEXT NOT NULL UNIQUE,
	name_zh TEXT NOT NULL,
	name_en TEXT NOT NULL,
	active SMALLINT NOT NULL DEFAULT 1,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	created_by BIGINT
);

-- Where matters of a code go when the duty items do not say: for a place and below.
CREATE TABLE routing_rule (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	code_id BIGINT NOT NULL REFERENCES event_code (id),
	place BIGINT NOT NULL,
	unit_id BIGINT NOT NULL REFERENCES unit (id),
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	created_by BIGINT,
	UNIQUE (code_id, place)
);

-- Who may take an action and what it needs, where that differs from the built-in flow.
CREATE TABLE flow_rule (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	kind TEXT NOT NULL,
	action TEXT NOT NULL,
	roles TEXT,
	needs TEXT,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	created_by BIGINT,
	UNIQUE (kind, action)
);

-- Street duty items: statutory (0) and cooperative (1).
CREATE TABLE duty_item (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	item TEXT NOT NULL UNIQUE,
	list SMALLINT NOT NULL,
	name TEXT NOT NULL,
	track SMALLINT NOT NULL,
	lead TEXT,
	street_duty TEXT NOT NULL,
	lead_duty TEXT,
	basis TEXT,
	event_codes TEXT,
	state SMALLINT NOT NULL DEFAULT 0,
	valid_from BIGINT,
	valid_to BIGINT,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	created_by BIGINT
);

-- Party organisations: street committee, community organisation, grid organisation, micro-grid group,
-- Party household. covers: grids a joint organisation covers besides its own place.
CREATE TABLE party_org (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	name TEXT NOT NULL,
	level SMALLINT NOT NULL,
	form SMALLINT NOT NULL,
	parent_id BIGINT REFERENCES party_org (id),
	place BIGINT NOT NULL,
	secretary TEXT,
	founded BIGINT,
	election_due BIGINT,
	active SMALLINT NOT NULL DEFAULT 1,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	created_by BIGINT
);
CREATE INDEX party_org_place ON party_org (place);
CREATE INDEX party_org_parent ON party_org (parent_id);

CREATE TABLE party_cover (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	org_id BIGINT NOT NULL REFERENCES party_org (id),
	grid BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	created_by BIGINT,
	UNIQUE (org_id, grid)
);
CREATE INDEX party_cover_grid ON party_cover (grid);
