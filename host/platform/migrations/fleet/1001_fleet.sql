-- The order in which the replicas together accept jobs (`seq`).
CREATE SEQUENCE jobs_order;

-- The replicas that are alive, and those that were lately. Times are milliseconds since 1970, of the database's clock.
CREATE TABLE replicas (
    id         TEXT   NOT NULL PRIMARY KEY, -- UUID: also the owner of the jobs that it runs
    name       TEXT   NOT NULL,             -- for people: its host name, or what the operator calls it
    version    TEXT   NOT NULL,             -- of the program
    egress     TEXT   NOT NULL,             -- replicas with the same name share one address towards Instagram
    started_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,             -- its last heartbeat
    state      TEXT   NOT NULL              -- JSON of the room that stores it
);

-- The requests of each client that were allowed lately. A crash of the database empties it, which allows each client one
-- window too early; in exchange, a decision waits for no disk.
CREATE UNLOGGED TABLE windows (
    client  TEXT     NOT NULL PRIMARY KEY,
    passed  BIGINT[] NOT NULL, -- microseconds since 1970, oldest first
    allowed BOOLEAN  NOT NULL  -- whether the last request was
);

-- Work that one replica at a time does for all.
CREATE TABLE duties (
    name   TEXT   NOT NULL PRIMARY KEY,
    holder TEXT   NOT NULL, -- the id of the replica
    until  BIGINT NOT NULL  -- milliseconds since 1970: from then on another one may take it
);

-- One row: the newest migration that a program must know to work with this database. A release that only adds leaves it as
-- it is, so that the release before it goes on working beside it.
CREATE TABLE compatibility (
    needs BIGINT NOT NULL
);
INSERT INTO compatibility (needs) VALUES (1001);
