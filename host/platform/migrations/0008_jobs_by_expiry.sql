-- Forgetting what has expired, every few seconds, was a walk over all jobs.
CREATE INDEX jobs_by_expiry ON jobs (expires_at);
