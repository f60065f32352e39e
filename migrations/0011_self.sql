-- A person's own page: whose account it is, proven at the counter by a code that is good once; and what they
-- ask for.
CREATE TABLE holder (
	user_id BIGINT PRIMARY KEY REFERENCES account (id),
	person_id BIGINT NOT NULL REFERENCES person (id),
	proven_by BIGINT,
	at BIGINT NOT NULL
);
CREATE INDEX holder_person ON holder (person_id);

CREATE TABLE holder_code (
	hash BYTEA PRIMARY KEY,
	person_id BIGINT NOT NULL REFERENCES person (id),
	created_by BIGINT,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL
);
CREATE INDEX holder_code_person ON holder_code (person_id);

CREATE TABLE data_request (
	matter_id BIGINT PRIMARY KEY REFERENCES matter (id),
	person_id BIGINT NOT NULL,
	what SMALLINT NOT NULL
);
CREATE INDEX data_request_person ON data_request (person_id);
