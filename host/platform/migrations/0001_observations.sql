-- What a post or reel counted at one moment; NULL: Instagram did not state it.
-- Also PostgreSQL, so BIGINT and no AUTOINCREMENT, no WITHOUT ROWID.
CREATE TABLE observations (
    media_id    TEXT   NOT NULL,
    observed_at BIGINT NOT NULL, -- seconds since 1970
    likes       BIGINT,
    comments    BIGINT,
    views       BIGINT,
    shares      BIGINT,
    saves       BIGINT,
    PRIMARY KEY (media_id, observed_at)
);

-- Pruning goes by age alone.
CREATE INDEX observations_by_age ON observations (observed_at);
