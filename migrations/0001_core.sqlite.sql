-- Inverted index of bigrams and words (core/search.c); contentless: the texts are in `matter`.
CREATE VIRTUAL TABLE matter_fts USING fts5(t, content='', tokenize='unicode61');
