-- Published files. A row outlives its file for a while, so that an address that was good answers 410 and not 404.
CREATE TABLE files (
    name         TEXT   NOT NULL PRIMARY KEY,
    job_id       TEXT   NOT NULL,
    sha256       TEXT   NOT NULL,
    bytes        BIGINT NOT NULL,
    content_type TEXT   NOT NULL,
    dimensions   TEXT,            -- as in 1080x1350; NULL: a sound or an archive
    expires_at   BIGINT NOT NULL, -- milliseconds since 1970
    deleted_at   BIGINT           -- milliseconds since 1970; NULL: still there
);

CREATE INDEX files_by_job ON files (job_id);
CREATE INDEX files_by_expiry ON files (expires_at);
