-- The engines' tables. Times are UTC milliseconds, dates yyyymmdd, enums small numbers whose words
-- live in code, booleans 0/1. Ids come from block allocation, not from the database.

CREATE TABLE setting (
	name TEXT PRIMARY KEY,
	value TEXT NOT NULL
);

-- Places: the tree is in the position code (province 2, city 2, county 2, street 3, community 3,
-- grid 3, micro-grid 2 digits), so a subtree is one range of codes.
CREATE TABLE place (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	code BIGINT NOT NULL UNIQUE,
	level SMALLINT NOT NULL,
	kind SMALLINT NOT NULL,
	parent BIGINT,
	name TEXT NOT NULL,
	alias TEXT,
	official_code TEXT,
	households BIGINT NOT NULL DEFAULT 0,
	leader_id BIGINT,
	norm_reason TEXT,
	norm_since BIGINT,
	lon DOUBLE PRECISION,
	lat DOUBLE PRECISION,
	has_shape SMALLINT NOT NULL DEFAULT 0,
	valid_from BIGINT,
	valid_to BIGINT,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	created_by BIGINT
);

CREATE TABLE place_shape (
	place_id BIGINT PRIMARY KEY REFERENCES place (id),
	code BIGINT NOT NULL,
	wkb BYTEA NOT NULL,
	x0 DOUBLE PRECISION NOT NULL,
	y0 DOUBLE PRECISION NOT NULL,
	x1 DOUBLE PRECISION NOT NULL,
	y1 DOUBLE PRECISION NOT NULL,
	updated_at BIGINT NOT NULL
);

-- Official codes change from year to year; the position code does not.
CREATE TABLE place_code (
	id BIGINT PRIMARY KEY,
	place_id BIGINT NOT NULL REFERENCES place (id),
	scheme TEXT NOT NULL,
	code TEXT NOT NULL,
	valid_from BIGINT,
	valid_to BIGINT
);
CREATE INDEX place_code_place ON place_code (place_id);
CREATE INDEX place_code_code ON place_code (code);

CREATE TABLE place_lineage (
	id BIGINT PRIMARY KEY,
	kind SMALLINT NOT NULL,
	from_code BIGINT NOT NULL,
	to_code BIGINT NOT NULL,
	at BIGINT NOT NULL,
	reason TEXT
);
CREATE INDEX place_lineage_from ON place_lineage (from_code);
CREATE INDEX place_lineage_to ON place_lineage (to_code);

-- Units: departments, centres, boards, communities, grids and companies that matters are sent to.
CREATE TABLE unit (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	name TEXT NOT NULL,
	alias TEXT UNIQUE,
	kind SMALLINT NOT NULL,
	place BIGINT NOT NULL,
	board SMALLINT NOT NULL DEFAULT 0,
	active SMALLINT NOT NULL DEFAULT 1,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	created_by BIGINT
);
CREATE INDEX unit_place ON unit (place);

CREATE TABLE account (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	login TEXT NOT NULL UNIQUE,
	name TEXT NOT NULL,
	password TEXT,
	active SMALLINT NOT NULL DEFAULT 1,
	demo SMALLINT NOT NULL DEFAULT 0,
	failures BIGINT NOT NULL DEFAULT 0,
	locked_until BIGINT,
	on_leave_until BIGINT,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	created_by BIGINT
);

-- A post: a role at a place, perhaps for one board or unit. backup_of names the post whose holder's
-- leave makes this one active (A/B persons).
CREATE TABLE post (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	user_id BIGINT NOT NULL REFERENCES account (id),
	role SMALLINT NOT NULL,
	place BIGINT NOT NULL,
	unit_id BIGINT REFERENCES unit (id),
	board SMALLINT NOT NULL DEFAULT 0,
	backup_of BIGINT REFERENCES post (id),
	valid_from BIGINT,
	valid_to BIGINT,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	created_by BIGINT
);
CREATE INDEX post_user ON post (user_id);
CREATE INDEX post_place ON post (place);
CREATE INDEX post_unit ON post (unit_id);

CREATE TABLE session (
	id BIGINT PRIMARY KEY,
	token_hash BYTEA NOT NULL UNIQUE,
	csrf_hash BYTEA NOT NULL,
	user_id BIGINT NOT NULL REFERENCES account (id),
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	remote TEXT
);
CREATE INDEX session_account ON session (user_id);

-- Replies kept for repeated Idempotency-Keys.
CREATE TABLE idempotency (
	key TEXT NOT NULL,
	user_id BIGINT NOT NULL,
	request_hash BYTEA NOT NULL,
	status BIGINT NOT NULL,
	reply TEXT NOT NULL,
	at BIGINT NOT NULL,
	PRIMARY KEY (user_id, key)
);
CREATE INDEX idempotency_at ON idempotency (at);

CREATE TABLE matter (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	kind SMALLINT NOT NULL,
	ext_no TEXT,
	title TEXT NOT NULL,
	text TEXT,
	address TEXT,
	code_id BIGINT,
	track SMALLINT NOT NULL,
	urgency SMALLINT NOT NULL,
	source SMALLINT NOT NULL,
	place BIGINT NOT NULL,
	lon DOUBLE PRECISION,
	lat DOUBLE PRECISION,
	morton BIGINT,
	state SMALLINT NOT NULL,
	open SMALLINT NOT NULL,
	sealed SMALLINT NOT NULL,
	anonymous SMALLINT NOT NULL,
	unit_id BIGINT,
	first_unit BIGINT,
	handler_id BIGINT,
	reporter_id BIGINT,
	reporter BYTEA,
	query_hash BIGINT,
	reported_at BIGINT NOT NULL,
	accepted_at BIGINT,
	dispatched_at BIGINT,
	finished_at BIGINT,
	closed_at BIGINT,
	clock SMALLINT,
	due_at BIGINT,
	level SMALLINT NOT NULL,
	wake_at BIGINT,
	auto_at BIGINT,
	auto_action SMALLINT NOT NULL,
	supporters BIGINT NOT NULL,
	reopens BIGINT NOT NULL,
	returns BIGINT NOT NULL,
	extensions BIGINT NOT NULL,
	fails BIGINT NOT NULL,
	supervised SMALLINT NOT NULL,
	supervise_due BIGINT,
	parent_id BIGINT,
	join_rule SMALLINT,
	merged_into BIGINT,
	duty_item_id BIGINT,
	proposed_unit BIGINT,
	rule_id BIGINT,
	self_closed SMALLINT NOT NULL,
	sampled SMALLINT NOT NULL,
	resolved SMALLINT,
	satisfied SMALLINT,
	pending TEXT,
	answers TEXT,
	result TEXT,
	data TEXT
);
-- Lists of a community or below; wider lists walk the ids downwards.
CREATE INDEX matter_community ON matter ((place / 100000), id);
-- Holds all that counts of open matters look at, so that they never touch the rows.
CREATE INDEX matter_open_place ON matter (place, state, level, kind, track, urgency, unit_id, first_unit, sealed,
	supervised, reporter_id, open) WHERE open = 1;
CREATE INDEX matter_open_unit ON matter (unit_id, state, level) WHERE open = 1;
CREATE INDEX matter_open_due ON matter ((COALESCE(due_at, 9000000000000000)), id) WHERE open = 1;
CREATE INDEX matter_open_sealed ON matter (kind, place, level, open, sealed, reporter_id) WHERE open = 1 AND sealed = 1;
CREATE INDEX matter_wake ON matter (wake_at) WHERE wake_at IS NOT NULL;
-- …and all that the map looks at.
CREATE INDEX matter_open_morton ON matter (morton, place, track, level, state, urgency, code_id, lon, lat, unit_id,
	first_unit, reporter_id, kind, sealed, open) WHERE open = 1 AND sealed = 0 AND morton IS NOT NULL;
CREATE UNIQUE INDEX matter_ext ON matter (kind, ext_no) WHERE ext_no IS NOT NULL;
CREATE UNIQUE INDEX matter_query ON matter (query_hash) WHERE query_hash IS NOT NULL;
CREATE INDEX matter_parent ON matter (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX matter_merged ON matter (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX matter_reporter ON matter (reporter_id) WHERE reporter_id IS NOT NULL;

-- Units besides the lead: cooperating (1), whistled (2); with what became of the whistle.
CREATE TABLE matter_unit (
	id BIGINT PRIMARY KEY,
	matter_id BIGINT NOT NULL REFERENCES matter (id),
	unit_id BIGINT NOT NULL REFERENCES unit (id),
	role SMALLINT NOT NULL,
	arrive_by BIGINT,
	arrived_at BIGINT,
	score BIGINT,
	UNIQUE (matter_id, unit_id, role)
);
CREATE INDEX matter_unit_unit ON matter_unit (unit_id);

-- Named persons who took part: who may open a sealed matter, and who may not verify it.
CREATE TABLE matter_party (
	matter_id BIGINT NOT NULL REFERENCES matter (id),
	user_id BIGINT NOT NULL,
	part SMALLINT NOT NULL,
	PRIMARY KEY (matter_id, user_id, part)
);
CREATE INDEX matter_party_user ON matter_party (user_id, matter_id);

-- The history, in the order of `version`, which the matter had then: ids come in blocks per connection.
CREATE TABLE matter_log (
	id BIGINT PRIMARY KEY,
	matter_id BIGINT NOT NULL REFERENCES matter (id),
	version BIGINT NOT NULL DEFAULT 0,
	at BIGINT NOT NULL,
	actor_id BIGINT,
	role SMALLINT,
	action TEXT NOT NULL,
	from_state SMALLINT NOT NULL,
	to_state SMALLINT NOT NULL,
	text TEXT,
	clocks TEXT,
	data TEXT
);
CREATE INDEX matter_log_matter ON matter_log (matter_id);

CREATE TABLE matter_run (
	matter_id BIGINT NOT NULL REFERENCES matter (id),
	clock SMALLINT NOT NULL,
	run SMALLINT NOT NULL,
	unit SMALLINT NOT NULL,
	len BIGINT NOT NULL,
	start_at BIGINT NOT NULL,
	due BIGINT NOT NULL,
	amber BIGINT,
	stop_at BIGINT,
	paused_at BIGINT,
	paused_ms BIGINT NOT NULL,
	voided SMALLINT NOT NULL,
	PRIMARY KEY (matter_id, clock, run)
);
CREATE INDEX matter_run_handle ON matter_run (due) WHERE clock = 2 AND voided = 0;

-- Supporters ("+1"): who else waits for the result.
CREATE TABLE matter_supporter (
	id BIGINT PRIMARY KEY,
	matter_id BIGINT NOT NULL REFERENCES matter (id),
	user_id BIGINT,
	contact BYTEA,
	contact_hash BYTEA,
	at BIGINT NOT NULL,
	told_at BIGINT,
	UNIQUE (matter_id, user_id),
	UNIQUE (matter_id, contact_hash)
);

CREATE TABLE file (
	id BIGINT PRIMARY KEY,
	hash TEXT NOT NULL,
	name TEXT NOT NULL,
	type TEXT NOT NULL,
	size BIGINT NOT NULL,
	thumb_hash TEXT,
	matter_id BIGINT REFERENCES matter (id),
	created_at BIGINT NOT NULL,
	created_by BIGINT
);
CREATE INDEX file_matter ON file (matter_id);

CREATE TABLE outbox (
	id BIGINT PRIMARY KEY,
	seq BIGINT UNIQUE,
	at BIGINT NOT NULL,
	topic TEXT NOT NULL,
	matter_id BIGINT,
	place BIGINT,
	track SMALLINT,
	unit_id BIGINT,
	first_unit BIGINT,
	reporter_id BIGINT,
	handler_id BIGINT,
	sealed SMALLINT NOT NULL,
	user_id BIGINT,
	data TEXT NOT NULL
);
CREATE INDEX outbox_at ON outbox (at);

CREATE TABLE audit (
	id BIGINT PRIMARY KEY,
	chain BIGINT NOT NULL,
	n BIGINT NOT NULL,
	at BIGINT NOT NULL,
	actor_id BIGINT,
	action TEXT NOT NULL,
	object TEXT NOT NULL,
	object_id BIGINT,
	detail TEXT,
	hash BYTEA NOT NULL,
	UNIQUE (chain, n)
);
CREATE INDEX audit_object ON audit (object, object_id);
CREATE INDEX audit_at ON audit (at, id);

CREATE TABLE audit_chain (
	chain BIGINT PRIMARY KEY,
	n BIGINT NOT NULL,
	hash BYTEA NOT NULL
);

-- Roll-ups: changes not yet folded, and totals per place of every level.
CREATE TABLE tally_delta (
	id BIGINT PRIMARY KEY,
	place BIGINT NOT NULL,
	kind SMALLINT NOT NULL,
	measure SMALLINT NOT NULL,
	dim SMALLINT NOT NULL,
	day BIGINT NOT NULL,
	n BIGINT NOT NULL
);

CREATE TABLE tally (
	place BIGINT NOT NULL,
	kind SMALLINT NOT NULL,
	measure SMALLINT NOT NULL,
	day BIGINT NOT NULL,
	dim SMALLINT NOT NULL,
	n BIGINT NOT NULL,
	PRIMARY KEY (place, kind, measure, day, dim)
);

-- Working calendars: append-only versions. days is JSON {"20260101":2,…} of the exceptions of a year,
-- hours JSON [[540,720],[840,1080]].
CREATE TABLE calendar_year (
	id BIGINT PRIMARY KEY,
	year BIGINT NOT NULL,
	hours TEXT NOT NULL,
	days TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	created_by BIGINT
);
