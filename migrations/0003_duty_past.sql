-- Earlier versions of duty items: what an item said for cases reported before the change.
CREATE TABLE duty_item_past (
	id BIGINT PRIMARY KEY,
	item_id BIGINT NOT NULL REFERENCES duty_item (id),
	version BIGINT NOT NULL,
	list SMALLINT NOT NULL,
	name TEXT NOT NULL,
	track SMALLINT NOT NULL,
	lead TEXT,
	street_duty TEXT NOT NULL,
	lead_duty TEXT,
	basis TEXT,
	event_codes TEXT,
	state SMALLINT NOT NULL,
	valid_from BIGINT,
	valid_to BIGINT NOT NULL,
	UNIQUE (item_id, version)
);
