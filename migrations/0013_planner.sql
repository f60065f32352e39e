-- Roads, rivers, railways and walls that no grid should cross: GeoJSON lines or polygons with their box.
CREATE TABLE grid_barrier (
	id BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	place BIGINT NOT NULL,
	name TEXT NOT NULL,
	kind SMALLINT NOT NULL,
	line TEXT NOT NULL,
	west DOUBLE PRECISION NOT NULL,
	south DOUBLE PRECISION NOT NULL,
	east DOUBLE PRECISION NOT NULL,
	north DOUBLE PRECISION NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	created_by BIGINT
);
CREATE INDEX grid_barrier_place ON grid_barrier (place);

-- What goes to another part than it would by itself: posts and open matters, given out by hand.
CREATE TABLE grid_plan_choice (
	plan_id BIGINT NOT NULL REFERENCES grid_plan (id),
	object TEXT NOT NULL,
	object_id BIGINT NOT NULL,
	part BIGINT NOT NULL,
	PRIMARY KEY (plan_id, object, object_id)
);
