-- 0001_saga.sql: what operators did with a service, and what they have asked for that takes a while.

-- A row is written in the transaction that carries the action out. Each has the hash of the one before in its own.
CREATE TABLE audit_log (
    seq     INTEGER PRIMARY KEY CHECK (seq >= 1), -- without holes
    at_ns   INTEGER NOT NULL,
    tenant  TEXT    NOT NULL,
    actor   TEXT    NOT NULL,   -- the subject of the token
    action  TEXT    NOT NULL,   -- 'order.cancel'
    target  TEXT    NOT NULL,   -- what it was done to
    reason  TEXT    NOT NULL,   -- as the operator gave it; '' where none is asked for
    outcome TEXT    NOT NULL,
    hash    BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE TRIGGER audit_log_is_not_changed BEFORE UPDATE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'what was done was done');
END;

CREATE TRIGGER audit_log_is_not_deleted BEFORE DELETE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'what was done was done');
END;

-- One wish over many things, worked off in slices by the writer.
CREATE TABLE admin_job (
    job_id          INTEGER PRIMARY KEY CHECK (job_id >= 1),
    tenant          TEXT    NOT NULL,
    actor           TEXT    NOT NULL,
    idempotency_key TEXT    NOT NULL,
    kind            INTEGER NOT NULL CHECK (kind >= 1),          -- enum JobKind
    state           INTEGER NOT NULL CHECK (state BETWEEN 1 AND 3), -- enum JobState
    ask             BLOB    NOT NULL,   -- panglot.admin.v1.StartJobRequest: what was wished for
    created_at_ns   INTEGER NOT NULL,
    ended_at_ns     INTEGER NOT NULL,   -- 0 while it runs
    -- How far this service had read each log when it was asked for: what is parked behind that is not its business. No
    -- calendar is asked, which may be set back.
    until_orders    INTEGER NOT NULL,
    until_payments  INTEGER NOT NULL,
    until_inventory INTEGER NOT NULL,
    cursor          BLOB    NOT NULL,   -- the last thing that it is through with
    looked          INTEGER NOT NULL CHECK (looked >= 0),
    done            INTEGER NOT NULL CHECK (done >= 0),
    failed          INTEGER NOT NULL CHECK (failed >= 0),
    last_error      TEXT    NOT NULL,
    UNIQUE (tenant, actor, idempotency_key)
) STRICT;

CREATE INDEX admin_job_running ON admin_job (job_id) WHERE state = 1;
