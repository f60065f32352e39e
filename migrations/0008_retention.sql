-- How long what is held about people is kept, and on what basis.
CREATE TABLE retention_rule (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	what SMALLINT NOT NULL UNIQUE,
	days BIGINT NOT NULL,
	basis TEXT NOT NULL,
	active SMALLINT NOT NULL,
	ran_at BIGINT,
	forgotten BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	created_by BIGINT
);
CREATE INDEX matter_reporter_kept ON matter (closed_at) WHERE reporter IS NOT NULL AND open = 0;
CREATE INDEX care_visit_noted ON care_visit (at) WHERE note IS NOT NULL;
CREATE INDEX person_ended ON person (ended_at) WHERE active = 0;
