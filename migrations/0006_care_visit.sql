-- An opinion heard at a visit becomes an event. Plans by the day on which a visit is due.
ALTER TABLE care_visit ADD COLUMN event_id BIGINT REFERENCES matter (id);
CREATE INDEX care_plan_due ON care_plan (next_due) WHERE ended_at IS NULL;
