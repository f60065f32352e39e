-- Visits as matters: opened when a plan's visit comes due, ended when somebody confirmed that it took place.
-- todo 1: somebody is to go; at most one of a plan. due: the plan's day, as the matter's clock knows it.
CREATE TABLE visit_matter (
	id BIGINT PRIMARY KEY REFERENCES matter (id),
	plan_id BIGINT NOT NULL REFERENCES care_plan (id),
	todo SMALLINT NOT NULL,
	due BIGINT NOT NULL,
	visit_id BIGINT REFERENCES care_visit (id),
	confirmed SMALLINT
);
CREATE UNIQUE INDEX visit_matter_todo ON visit_matter (plan_id) WHERE todo = 1;
CREATE INDEX visit_matter_visit ON visit_matter (visit_id);

ALTER TABLE care_visit ADD COLUMN on_spot SMALLINT;

-- The inbox asks for the handler too.
DROP INDEX matter_open_place;
CREATE INDEX matter_open_place ON matter (place, state, level, kind, track, urgency, unit_id, first_unit, sealed,
	supervised, reporter_id, handler_id, open) WHERE open = 1;
