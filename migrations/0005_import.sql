-- Files on their way into lists: mappings that people chose, and imports that are too large for one request.

CREATE TABLE import_map (
	id BIGINT PRIMARY KEY,
	user_id BIGINT NOT NULL,
	entity TEXT NOT NULL,
	header TEXT NOT NULL,
	columns TEXT NOT NULL,
	used_at BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	UNIQUE (user_id, entity, header)
);

CREATE TABLE import_job (
	id BIGINT PRIMARY KEY,
	user_id BIGINT NOT NULL,
	login TEXT NOT NULL,
	entity TEXT NOT NULL,
	name TEXT,
	file TEXT NOT NULL,
	size BIGINT NOT NULL,
	map TEXT,
	dry_run SMALLINT NOT NULL,
	partial SMALLINT NOT NULL,
	state SMALLINT NOT NULL,
	rows_done BIGINT NOT NULL,
	rows_total BIGINT,
	created BIGINT NOT NULL,
	updated BIGINT NOT NULL,
	unchanged BIGINT NOT NULL,
	conflicts BIGINT NOT NULL,
	rejected BIGINT NOT NULL,
	problems BIGINT NOT NULL,
	report TEXT,
	error_code TEXT,
	error_message TEXT,
	created_at BIGINT NOT NULL,
	finished_at BIGINT
);
CREATE INDEX import_job_open ON import_job (id) WHERE state < 3;
CREATE INDEX import_job_user ON import_job (user_id, id);

CREATE TABLE import_problem (
	job_id BIGINT NOT NULL REFERENCES import_job (id),
	n BIGINT NOT NULL,
	row_no BIGINT NOT NULL,
	line BIGINT NOT NULL,
	col BIGINT NOT NULL,
	title TEXT,
	code TEXT NOT NULL,
	message TEXT NOT NULL,
	PRIMARY KEY (job_id, n)
);
