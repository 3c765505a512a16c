-- 0001_webhooks.sql: who outside is told of what, and every telling of an event to somebody.
CREATE TABLE endpoint (
    endpoint_id         BLOB    PRIMARY KEY CHECK (length(endpoint_id) = 16),
    tenant              TEXT    NOT NULL,
    url                 TEXT    NOT NULL,
    types               TEXT    NOT NULL,   -- wishes, with commas in between; empty: all
    description         TEXT    NOT NULL,
    state               INTEGER NOT NULL CHECK (state IN (1, 2)),           -- EndpointState
    because             INTEGER NOT NULL CHECK (because BETWEEN 0 AND 4),   -- DisabledBecause
    secret              BLOB    NOT NULL CHECK (length(secret) = 32),
    old_secret          BLOB    NOT NULL CHECK (length(old_secret) IN (0, 32)),
    old_secret_until_ns INTEGER NOT NULL,   -- signs as well until then
    created_at_ns       INTEGER NOT NULL,
    version             INTEGER NOT NULL CHECK (version >= 1),  -- counts changes of what people set
    failing_since_ns    INTEGER NOT NULL,   -- the first failure behind the last success; 0: none
    quiet_until_ns      INTEGER NOT NULL,   -- the receiver has asked to be left alone until then
    waiting             INTEGER NOT NULL CHECK (waiting >= 0),     -- deliveries by state, counted by
    delivered           INTEGER NOT NULL CHECK (delivered >= 0),   -- the triggers below
    dead                INTEGER NOT NULL CHECK (dead >= 0),
    CHECK ((state = 2) = (because <> 0))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX endpoint_by_url ON endpoint (tenant, url);

CREATE TABLE delivery (
    delivery_no   INTEGER PRIMARY KEY AUTOINCREMENT,   -- never given again, whatever is pruned
    endpoint_id   BLOB    NOT NULL CHECK (length(endpoint_id) = 16),
    event_id      BLOB    NOT NULL CHECK (length(event_id) = 16),  -- the same for every attempt
    type          TEXT    NOT NULL,
    body          BLOB    NOT NULL,   -- the CloudEvent, as it is sent
    state         INTEGER NOT NULL CHECK (state BETWEEN 1 AND 3),  -- DeliveryState
    attempts      INTEGER NOT NULL CHECK (attempts >= 0),          -- since since_ns
    created_at_ns INTEGER NOT NULL,
    since_ns      INTEGER NOT NULL,   -- when it was (again) set to be delivered
    due_ns        INTEGER NOT NULL,   -- of the next attempt, when it waits
    last_ns       INTEGER NOT NULL,   -- the last attempt; 0: none
    status        INTEGER NOT NULL,   -- of its answer; 0: none
    problem       TEXT    NOT NULL
) STRICT;
CREATE INDEX delivery_waiting ON delivery (endpoint_id, due_ns) WHERE state = 1;
CREATE INDEX delivery_by_state ON delivery (endpoint_id, state, delivery_no);

CREATE TRIGGER delivery_counted_in AFTER INSERT ON delivery
BEGIN
    UPDATE endpoint SET waiting = waiting + (new.state = 1), delivered = delivered + (new.state = 2),
        dead = dead + (new.state = 3)
    WHERE endpoint_id = new.endpoint_id;
END;

CREATE TRIGGER delivery_counted_over AFTER UPDATE OF state ON delivery
BEGIN
    UPDATE endpoint SET waiting = waiting + (new.state = 1) - (old.state = 1),
        delivered = delivered + (new.state = 2) - (old.state = 2),
        dead = dead + (new.state = 3) - (old.state = 3)
    WHERE endpoint_id = new.endpoint_id;
END;

CREATE TRIGGER delivery_counted_out AFTER DELETE ON delivery
BEGIN
    UPDATE endpoint SET waiting = waiting - (old.state = 1), delivered = delivered - (old.state = 2),
        dead = dead - (old.state = 3)
    WHERE endpoint_id = old.endpoint_id;
END;
