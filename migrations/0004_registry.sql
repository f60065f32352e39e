-- The registry: people, households, buildings, rooms, venues, things, organisations, and how they
-- belong together. Identifiers of people are sealed; <name>_hash is the keyed hash they are found by.

CREATE TABLE building (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	code TEXT NOT NULL UNIQUE,
	name TEXT NOT NULL,
	address TEXT,
	kind SMALLINT NOT NULL,
	floors BIGINT,
	units BIGINT,
	year_built BIGINT,
	structure SMALLINT NOT NULL,
	has_lift SMALLINT,
	risk SMALLINT NOT NULL,
	lon DOUBLE PRECISION,
	lat DOUBLE PRECISION,
	place BIGINT NOT NULL,
	shape TEXT,
	source SMALLINT NOT NULL,
	verified_at BIGINT,
	verified_by BIGINT,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	created_by BIGINT
);
CREATE INDEX building_place ON building (place);

CREATE TABLE room (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	code TEXT NOT NULL UNIQUE,
	building_id BIGINT NOT NULL REFERENCES building (id),
	unit_no TEXT NOT NULL,
	floor BIGINT NOT NULL,
	room_no TEXT NOT NULL,
	use SMALLINT NOT NULL,
	area DOUBLE PRECISION,
	place BIGINT NOT NULL,
	source SMALLINT NOT NULL,
	verified_at BIGINT,
	verified_by BIGINT,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	created_by BIGINT
);
CREATE INDEX room_building ON room (building_id, floor);
CREATE INDEX room_place ON room (place);

-- head_id names a person who is entered after the household: not a foreign key.
CREATE TABLE household (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	code TEXT NOT NULL UNIQUE,
	room_id BIGINT REFERENCES room (id),
	head_id BIGINT,
	size BIGINT,
	self_confirmed_at BIGINT,
	place BIGINT NOT NULL,
	active SMALLINT NOT NULL,
	source SMALLINT NOT NULL,
	verified_at BIGINT,
	verified_by BIGINT,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	created_by BIGINT
);
CREATE INDEX household_room ON household (room_id);
CREATE INDEX household_place ON household (place, active);

CREATE TABLE person (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	name TEXT NOT NULL,
	sex SMALLINT NOT NULL,
	birth BIGINT,
	id_no BYTEA,
	id_no_hash BYTEA UNIQUE,
	phone BYTEA,
	phone_hash BYTEA,
	residence_kind SMALLINT NOT NULL,
	household_id BIGINT REFERENCES household (id),
	relation SMALLINT NOT NULL,
	place BIGINT NOT NULL,
	active SMALLINT NOT NULL,
	ended_at BIGINT,
	ended_reason SMALLINT,
	source SMALLINT NOT NULL,
	verified_at BIGINT,
	verified_by BIGINT,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	created_by BIGINT
);
CREATE INDEX person_place ON person (place, active);
CREATE INDEX person_household ON person (household_id);
CREATE INDEX person_phone ON person (phone_hash) WHERE phone_hash IS NOT NULL;

CREATE TABLE organisation (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	uscc TEXT UNIQUE,
	name TEXT NOT NULL,
	kind SMALLINT NOT NULL,
	industry TEXT,
	address TEXT,
	phone TEXT,
	lon DOUBLE PRECISION,
	lat DOUBLE PRECISION,
	place BIGINT NOT NULL,
	active SMALLINT NOT NULL,
	source SMALLINT NOT NULL,
	verified_at BIGINT,
	verified_by BIGINT,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	created_by BIGINT
);
CREATE INDEX organisation_place ON organisation (place);

CREATE TABLE venue (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	code TEXT UNIQUE,
	name TEXT NOT NULL,
	kind SMALLINT NOT NULL,
	org_id BIGINT REFERENCES organisation (id),
	contact TEXT,
	phone BYTEA,
	phone_hash BYTEA,
	risk_level SMALLINT NOT NULL,
	last_check BIGINT,
	address TEXT,
	lon DOUBLE PRECISION,
	lat DOUBLE PRECISION,
	place BIGINT NOT NULL,
	active SMALLINT NOT NULL,
	source SMALLINT NOT NULL,
	verified_at BIGINT,
	verified_by BIGINT,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	created_by BIGINT
);
CREATE INDEX venue_place ON venue (place);
CREATE INDEX venue_org ON venue (org_id);
CREATE INDEX venue_phone ON venue (phone_hash) WHERE phone_hash IS NOT NULL;

CREATE TABLE thing_class (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	code TEXT NOT NULL UNIQUE,
	name TEXT NOT NULL,
	category TEXT NOT NULL,
	dept TEXT,
	active SMALLINT NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	created_by BIGINT
);

CREATE TABLE thing (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	code TEXT NOT NULL UNIQUE,
	class_code TEXT NOT NULL REFERENCES thing_class (code),
	name TEXT NOT NULL,
	owner_unit BIGINT REFERENCES unit (id),
	state SMALLINT NOT NULL,
	address TEXT,
	lon DOUBLE PRECISION,
	lat DOUBLE PRECISION,
	place BIGINT NOT NULL,
	source SMALLINT NOT NULL,
	verified_at BIGINT,
	verified_by BIGINT,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	created_by BIGINT
);
CREATE INDEX thing_place ON thing (place);
CREATE INDEX thing_class_code ON thing (class_code);

-- Who belongs to what, as what, and from when to when.
CREATE TABLE link (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	role SMALLINT NOT NULL,
	from_kind SMALLINT NOT NULL,
	from_id BIGINT NOT NULL,
	to_kind SMALLINT NOT NULL,
	to_id BIGINT NOT NULL,
	valid_from BIGINT NOT NULL,
	valid_to BIGINT,
	place BIGINT NOT NULL,
	source SMALLINT NOT NULL,
	verified_at BIGINT,
	verified_by BIGINT,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	created_by BIGINT
);
CREATE INDEX link_from ON link (from_id, role);
CREATE INDEX link_to ON link (to_id, role);
CREATE INDEX link_place ON link (place);

-- Where a value came from, for values that changed after their row was made.
CREATE TABLE registry_fact (
	object_id BIGINT NOT NULL,
	field TEXT NOT NULL,
	object_kind TEXT NOT NULL,
	source SMALLINT NOT NULL,
	user_id BIGINT,
	at BIGINT NOT NULL,
	PRIMARY KEY (object_id, field)
);

CREATE TABLE consent (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	person_id BIGINT NOT NULL REFERENCES person (id),
	purpose TEXT NOT NULL,
	guardian_id BIGINT REFERENCES person (id),
	given_at BIGINT NOT NULL,
	expires_at BIGINT,
	withdrawn_at BIGINT,
	place BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	created_by BIGINT
);
CREATE INDEX consent_person ON consent (person_id);
CREATE INDEX consent_place ON consent (place);

CREATE TABLE care_plan (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	target_kind SMALLINT NOT NULL,
	target_id BIGINT NOT NULL,
	type SMALLINT NOT NULL,
	basis TEXT NOT NULL,
	consent_id BIGINT REFERENCES consent (id),
	law TEXT,
	started BIGINT NOT NULL,
	expires BIGINT NOT NULL,
	cycle_days BIGINT NOT NULL,
	mode SMALLINT NOT NULL,
	visitor_id BIGINT REFERENCES account (id),
	next_due BIGINT NOT NULL,
	ended_at BIGINT,
	ended_reason SMALLINT,
	place BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	created_by BIGINT
);
CREATE INDEX care_plan_place ON care_plan (place, started);
CREATE INDEX care_plan_target ON care_plan (target_id);
CREATE INDEX care_plan_consent ON care_plan (consent_id);

CREATE TABLE care_visit (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	plan_id BIGINT NOT NULL REFERENCES care_plan (id),
	at BIGINT NOT NULL,
	day BIGINT NOT NULL,
	outcome SMALLINT NOT NULL,
	note TEXT,
	place BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	created_by BIGINT
);
CREATE INDEX care_visit_plan ON care_visit (plan_id, at);
CREATE INDEX care_visit_place ON care_visit (place);
