-- 0001_events.sql: a service's own log (its outbox), and how far it has read those of others.
CREATE TABLE log_head (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    epoch    INTEGER NOT NULL,   -- raised by a restore, so that nobody mistakes new numbers for old ones
    next_seq INTEGER NOT NULL CHECK (next_seq >= 1),
    low      INTEGER NOT NULL DEFAULT 1 -- the first event that is kept; older ones were pruned
) STRICT;
INSERT INTO log_head (id, epoch, next_seq) VALUES (1, 1, 1);

CREATE TABLE event (
    seq   INTEGER PRIMARY KEY,   -- from log_head, in commit order, without holes
    bytes BLOB    NOT NULL       -- panglot.events.v1.Event
) STRICT;

CREATE TABLE consumer (
    log      INTEGER PRIMARY KEY,   -- enum Log of the producer
    epoch    INTEGER NOT NULL,
    position INTEGER NOT NULL,      -- the last event whose effects are in this file
    hash     INTEGER NOT NULL       -- of that event's bytes: a producer that lost its tail is found out
) STRICT;

-- Events that could not be handled, and every later one of the same key, in order.
CREATE TABLE parked (
    log    INTEGER NOT NULL,
    seq    INTEGER NOT NULL,
    key    BLOB    NOT NULL,
    why    TEXT    NOT NULL,
    bytes  BLOB    NOT NULL,
    tenant TEXT    NOT NULL,           -- whose operators may see it; '' where the event cannot be read: all
    at_ns  INTEGER NOT NULL,           -- when it was set aside
    tries  INTEGER NOT NULL DEFAULT 0, -- how often it was replayed, and failed again
    PRIMARY KEY (log, seq)
) STRICT, WITHOUT ROWID;

-- Written only when something is parked.
CREATE INDEX parked_by_key ON parked (log, key, seq);
