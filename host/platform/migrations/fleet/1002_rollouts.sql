-- What the fleet does with each plugin: the truth that every replica follows.
CREATE TABLE plugins (
    plugin   TEXT   NOT NULL PRIMARY KEY,
    revision BIGINT NOT NULL, -- grows by one with each decision
    decided  BIGINT NOT NULL, -- milliseconds since 1970, later than the decision before
    state    TEXT   NOT NULL  -- JSON of the room that stores it: what serves, what waits, what can come back
);

-- The versions that were proposed to the fleet.
CREATE TABLE rollouts (
    id       TEXT   NOT NULL PRIMARY KEY, -- UUID
    plugin   TEXT   NOT NULL,
    digest   TEXT   NOT NULL, -- SHA-256 of the component
    version  TEXT   NOT NULL, -- its own words
    source   TEXT   NOT NULL, -- the file that it would be in a plugin folder
    who      TEXT   NOT NULL, -- folder, operator
    replica  TEXT   NOT NULL, -- the name of the replica that proposed it
    shadow   BIGINT NOT NULL, -- on how many live extractions it is compared before it serves
    at       BIGINT NOT NULL, -- milliseconds since 1970
    until    BIGINT NOT NULL, -- a live replica that has not voted by then stops it
    state    TEXT   NOT NULL, -- checking, serves, waits, refused, withdrawn
    outcome  TEXT,            -- JSON: why it was refused
    stored   BOOLEAN NOT NULL DEFAULT TRUE -- whether its component is still kept
);

-- One version of a plugin is checked at a time.
CREATE UNIQUE INDEX rollouts_checking ON rollouts (plugin) WHERE state = 'checking';
CREATE INDEX rollouts_by_digest ON rollouts (plugin, digest, at);

-- What each replica says about a proposed version.
CREATE TABLE votes (
    rollout TEXT   NOT NULL REFERENCES rollouts (id) ON DELETE CASCADE,
    replica TEXT   NOT NULL, -- its id
    name    TEXT   NOT NULL, -- its name
    refused TEXT,            -- JSON: why it may not serve; NULL: it may
    PRIMARY KEY (rollout, replica)
);

-- The components of those versions, where no object store keeps them.
CREATE TABLE artifacts (
    digest    TEXT  NOT NULL PRIMARY KEY,
    component BYTEA NOT NULL
);

-- How the latest extractions on each version ended, on all replicas together.
CREATE TABLE plugin_health (
    plugin TEXT   NOT NULL,
    digest TEXT   NOT NULL,
    term   BIGINT NOT NULL, -- the revision with which it began to serve
    second BIGINT NOT NULL, -- since 1970, of the database's clock
    good   BIGINT NOT NULL,
    own    BIGINT NOT NULL, -- failed by its own fault
    common BIGINT NOT NULL, -- failed as its predecessor does
    PRIMARY KEY (plugin, digest, term, second)
);

-- How candidates compare with the serving version, on all replicas together.
CREATE TABLE comparisons (
    plugin   TEXT   NOT NULL,
    term     BIGINT NOT NULL, -- the revision with which it became the candidate
    same     BIGINT NOT NULL,
    differs  BIGINT NOT NULL,
    better   BIGINT NOT NULL,
    worse    BIGINT NOT NULL,
    diverged BIGINT NOT NULL,
    shown    TEXT[] NOT NULL, -- JSON of the first that were not the same
    PRIMARY KEY (plugin, term)
);

-- The operator's cases, which every replica writes into its own data folder. One without files was removed.
CREATE TABLE cases (
    kind   TEXT NOT NULL,
    name   TEXT NOT NULL,
    change TEXT NOT NULL, -- UUID: another one whenever the files are others
    PRIMARY KEY (kind, name)
);
CREATE TABLE case_files (
    kind     TEXT  NOT NULL,
    name     TEXT  NOT NULL,
    file     TEXT  NOT NULL,
    contents BYTEA NOT NULL,
    PRIMARY KEY (kind, name, file),
    FOREIGN KEY (kind, name) REFERENCES cases (kind, name) ON DELETE CASCADE
);
