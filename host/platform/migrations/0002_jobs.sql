-- The truth about every job. Times are milliseconds since 1970; NULL: not yet.
CREATE TABLE jobs (
    id          TEXT    NOT NULL PRIMARY KEY,
    seq         BIGINT  NOT NULL, -- order of acceptance
    parent      TEXT,             -- of an item of a batch
    payload     TEXT,             -- JSON; NULL: the parent of a batch
    carry_on    BOOLEAN NOT NULL, -- of a batch: whether the others go on when one fails
    client      TEXT    NOT NULL,
    state       TEXT    NOT NULL, -- pending, running, completed, failed, cancelled; of a batch: batch
    attempt     BIGINT  NOT NULL, -- also the fence: a write of an older attempt changes nothing
    not_before  BIGINT  NOT NULL,
    owner       TEXT,             -- the process that runs it
    lease_until BIGINT,
    cancel      BOOLEAN NOT NULL,
    progress    TEXT,             -- JSON
    result      TEXT,             -- JSON
    error       TEXT,             -- JSON
    created_at  BIGINT  NOT NULL,
    started_at  BIGINT,
    finished_at BIGINT,
    expires_at  BIGINT
);

CREATE INDEX jobs_by_state ON jobs (state, seq);
CREATE INDEX jobs_by_parent ON jobs (parent, seq);
