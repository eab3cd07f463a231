-- Accepting a job asks for the last number of the order, which was a walk over all jobs.
CREATE INDEX jobs_by_order ON jobs (seq);
