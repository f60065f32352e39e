-- Collection and verification: compound changes that can be undone, moves, merges of duplicates, requests for
-- changes, rounds.

-- One action that changed several rows. related: consents, visit plans and links of the people in it, as they
-- were counted afterwards; NULL where it does not matter.
CREATE TABLE change_set (
	id BIGINT PRIMARY KEY,
	user_id BIGINT,
	at BIGINT NOT NULL,
	related BIGINT,
	undone_at BIGINT,
	undone_by BIGINT
);
CREATE INDEX change_set_at ON change_set (at);

-- before: what the row said where it differs, and where its values came from; sealed. NULL once it is too old
-- to be undone. made: the row did not exist.
CREATE TABLE change_row (
	id BIGINT PRIMARY KEY,
	change_id BIGINT NOT NULL REFERENCES change_set (id),
	n BIGINT NOT NULL,
	entity TEXT NOT NULL,
	row_id BIGINT NOT NULL,
	version BIGINT NOT NULL,
	made SMALLINT NOT NULL,
	before BYTEA,
	UNIQUE (change_id, n)
);

-- Who moved: one row per person. person_id is no foreign key: undoing removes whoever came new.
CREATE TABLE person_move (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	change_id BIGINT NOT NULL REFERENCES change_set (id),
	kind SMALLINT NOT NULL,
	person_id BIGINT NOT NULL,
	from_household BIGINT,
	household_id BIGINT,
	from_place BIGINT,
	place BIGINT NOT NULL,
	day BIGINT NOT NULL,
	reason SMALLINT,
	plans SMALLINT,
	note TEXT,
	undone_at BIGINT,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	created_by BIGINT
);
CREATE INDEX person_move_change ON person_move (change_id);
CREATE INDEX person_move_person ON person_move (person_id);
CREATE INDEX person_move_place ON person_move (place);

CREATE TABLE registry_merge (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	change_id BIGINT NOT NULL REFERENCES change_set (id),
	kind SMALLINT NOT NULL,
	winner_id BIGINT NOT NULL,
	loser_id BIGINT NOT NULL,
	taken TEXT,
	place BIGINT NOT NULL,
	note TEXT,
	undone_at BIGINT,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	created_by BIGINT
);
CREATE INDEX registry_merge_loser ON registry_merge (loser_id);
CREATE INDEX registry_merge_winner ON registry_merge (winner_id);
CREATE INDEX registry_merge_place ON registry_merge (place);

-- Looked alike and are two: a_id < b_id.
CREATE TABLE registry_distinct (
	a_id BIGINT NOT NULL,
	b_id BIGINT NOT NULL,
	kind SMALLINT NOT NULL,
	user_id BIGINT,
	at BIGINT NOT NULL,
	note TEXT,
	PRIMARY KEY (a_id, b_id)
);

-- What a change request asks for; id is its matter's. wanted: the differences, sealed; gone once it is decided.
CREATE TABLE change_request (
	id BIGINT PRIMARY KEY REFERENCES matter (id),
	entity TEXT NOT NULL,
	object_id BIGINT NOT NULL,
	fields TEXT NOT NULL,
	source SMALLINT NOT NULL,
	wanted BYTEA,
	outcome SMALLINT,
	decided_by BIGINT,
	decided_at BIGINT
);
CREATE INDEX change_request_object ON change_request (object_id);

CREATE TABLE collect_round (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	name TEXT NOT NULL,
	kinds TEXT NOT NULL,
	place BIGINT NOT NULL,
	starts BIGINT NOT NULL,
	ends BIGINT NOT NULL,
	fresh_days BIGINT NOT NULL,
	basis TEXT NOT NULL,
	active SMALLINT NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	created_by BIGINT
);
