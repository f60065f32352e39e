-- The key is the row: no second copy of it.
CREATE TABLE entity_word (
	class SMALLINT NOT NULL,
	word BIGINT NOT NULL,
	place BIGINT NOT NULL,
	id BIGINT NOT NULL,
	PRIMARY KEY (class, word, place, id)
) WITHOUT ROWID;
CREATE INDEX entity_word_id ON entity_word (id);
