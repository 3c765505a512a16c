-- 0001_identity.sql: keys of programs that ask us. Of a secret only its SHA-256 is kept.
CREATE TABLE api_key (
    key_no              INTEGER PRIMARY KEY AUTOINCREMENT,   -- in the order of making
    key_id              TEXT    NOT NULL UNIQUE CHECK (length(key_id) = 10),
    tenant              TEXT    NOT NULL,
    name                TEXT    NOT NULL,
    subject             TEXT    NOT NULL,
    role                INTEGER NOT NULL CHECK (role BETWEEN 1 AND 5),   -- Role
    scopes              TEXT    NOT NULL,   -- names, with blanks in between
    cidrs               TEXT    NOT NULL,   -- likewise; empty: from anywhere
    plan                TEXT    NOT NULL,   -- empty: the usual one
    secret              BLOB    NOT NULL CHECK (length(secret) = 32),
    old_secret          BLOB    NOT NULL CHECK (length(old_secret) IN (0, 32)),
    old_secret_until_ns INTEGER NOT NULL,   -- lets in as well until then
    created_at_ns       INTEGER NOT NULL,
    expires_at_ns       INTEGER NOT NULL,   -- 0: it does not
    revoked_at_ns       INTEGER NOT NULL,   -- 0: it is not
    used_at_ns          INTEGER NOT NULL,   -- to a few minutes; 0: never
    day_count           INTEGER NOT NULL DEFAULT 0,   -- requests of the day of used_at_ns,
    month_count         INTEGER NOT NULL DEFAULT 0,   -- and of its month, where there is a quota
    version             INTEGER NOT NULL    -- of all keys, when this one was last changed
) STRICT;
CREATE INDEX api_key_by_tenant ON api_key (tenant, key_no);
CREATE INDEX api_key_by_version ON api_key (version);

CREATE TRIGGER api_key_revoked_is_final BEFORE UPDATE OF revoked_at_ns ON api_key
WHEN old.revoked_at_ns > 0 AND new.revoked_at_ns <> old.revoked_at_ns
BEGIN
    SELECT RAISE(ABORT, 'a revoked key stays revoked');
END;
