-- What rows are found by: words, exact numbers and points. That table is each engine's own; here, the visit
-- plans in force per place.
CREATE INDEX care_plan_open ON care_plan (place, next_due, started, expires) WHERE ended_at IS NULL;
