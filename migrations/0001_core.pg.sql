-- Inverted index of bigrams and words (core/search.c).
CREATE TABLE matter_fts (
	id BIGINT PRIMARY KEY,
	t TSVECTOR NOT NULL
);
CREATE INDEX matter_fts_t ON matter_fts USING gin (t);
