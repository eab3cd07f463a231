-- How often each field of a record was stated, by the door that answered and the version that read it.
CREATE TABLE fill_rates (
    kind    TEXT   NOT NULL,
    door    TEXT   NOT NULL,
    version TEXT   NOT NULL, -- name@version+digest
    field   TEXT   NOT NULL,
    stated  BIGINT NOT NULL,
    asked   BIGINT NOT NULL,
    PRIMARY KEY (kind, door, version, field)
);

-- What is usual for a field, what was seen lately, and the warning that came of it.
CREATE TABLE drift (
    kind  TEXT NOT NULL,
    door  TEXT NOT NULL,
    field TEXT NOT NULL,
    track TEXT NOT NULL, -- JSON
    PRIMARY KEY (kind, door, field)
);
