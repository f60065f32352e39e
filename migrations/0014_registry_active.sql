-- Buildings, rooms and things go out of force too: pulled down, or the double of another one.
ALTER TABLE building ADD COLUMN active SMALLINT NOT NULL DEFAULT 1;
ALTER TABLE room ADD COLUMN active SMALLINT NOT NULL DEFAULT 1;
ALTER TABLE thing ADD COLUMN active SMALLINT NOT NULL DEFAULT 1;
DROP INDEX building_place;
DROP INDEX room_place;
DROP INDEX thing_place;
CREATE INDEX building_place ON building (place, active);
CREATE INDEX room_place ON room (place, active);
CREATE INDEX thing_place ON thing (place, active);
