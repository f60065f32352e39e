-- What a city needs: the places one step below another; posts counted from the index alone; the accounts of a
-- demo named without looking through all.
CREATE INDEX place_parent ON place (parent);
DROP INDEX post_place;
CREATE INDEX post_place ON post (place, valid_from, valid_to);
CREATE INDEX account_demo ON account (id) WHERE demo = 1;
