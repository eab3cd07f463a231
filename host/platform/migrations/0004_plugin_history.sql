-- What happened to the versions of each plugin, and by whose hand. The newest row of a digest says whether it is trusted.
CREATE TABLE plugin_history (
    id      TEXT   NOT NULL PRIMARY KEY, -- UUID v7: in the order of time
    at      BIGINT NOT NULL,             -- milliseconds since 1970
    plugin  TEXT   NOT NULL,
    action  TEXT   NOT NULL,             -- serves, rolled-back, refused, staged, shadowed, discarded
    digest  TEXT,                        -- SHA-256 of the component; NULL: it could not be read
    version TEXT,                        -- its own words; NULL: it was not asked
    source  TEXT   NOT NULL,             -- embedded, or a file of the plugin folder
    who     TEXT   NOT NULL,             -- gramhost, folder, operator
    why     TEXT   NOT NULL
);

CREATE INDEX plugin_history_by_plugin ON plugin_history (plugin, id);
