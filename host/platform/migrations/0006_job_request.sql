-- The request that made a job, so that its log lines can be found from the answer that the client got; NULL: none did.
ALTER TABLE jobs ADD COLUMN request TEXT;
