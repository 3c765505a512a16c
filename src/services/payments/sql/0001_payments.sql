-- 0001_payments.sql: the money of each order, and the credit lines that it is taken from.
CREATE TABLE payment (
    order_id         BLOB    PRIMARY KEY CHECK (length(order_id) = 16),
    tenant           TEXT    NOT NULL,
    customer         TEXT    NOT NULL,   -- '' in a tombstone: a cancel that came before its order
    method           TEXT    NOT NULL,   -- 'account' or 'card'; any other is declined
    state            INTEGER NOT NULL CHECK (state BETWEEN 0 AND 9),    -- enum payment_state; 0 while an orphan is looked for
    decision         INTEGER NOT NULL CHECK (decision BETWEEN 0 AND 2), -- enum payment_decision: the latch
    op               INTEGER NOT NULL CHECK (op BETWEEN 0 AND 5),       -- enum payment_op
    op_state         INTEGER NOT NULL CHECK (op_state BETWEEN 0 AND 3), -- enum op_state
    cause            INTEGER NOT NULL CHECK (cause BETWEEN 0 AND 5),    -- enum Cause: why it was voided
    decline_code     TEXT    NOT NULL,
    currency         TEXT    NOT NULL CHECK (length(currency) = 3 OR currency = ''),
    amount_minor     INTEGER NOT NULL CHECK (amount_minor >= 0),
    authorized_minor INTEGER NOT NULL CHECK (authorized_minor BETWEEN 0 AND amount_minor),
    captured_minor   INTEGER NOT NULL CHECK (captured_minor >= 0),
    released_minor   INTEGER NOT NULL CHECK (released_minor >= 0),
    hold_minor       INTEGER NOT NULL CHECK (hold_minor >= 0), -- of it, what is blocked now
    refunded_minor   INTEGER NOT NULL CHECK (refunded_minor BETWEEN 0 AND captured_minor),
    account_id       INTEGER NOT NULL,   -- whose credit is held; 0 when nothing was, -1 the provider of cards
    promise          BLOB    NOT NULL,   -- panglot.events.v1.PaymentAuthorized: what was ordered
    emitted          INTEGER NOT NULL,   -- a bit for each kind of event that was said
    last_event_seq   INTEGER NOT NULL,   -- the end of the chain of events about this payment
    CHECK (authorized_minor = captured_minor + released_minor + hold_minor),
    -- BETWEEN and =, since SQLite builds a table for each IN of more than two, each time.
    CHECK ((decision = 1) = (state BETWEEN 4 AND 6 OR state = 9)),
    CHECK ((decision = 2) = (state = 8)),
    CHECK (captured_minor = 0 OR state = 6),
    CHECK (hold_minor = 0 OR state BETWEEN 3 AND 5 OR op <> 0)
) STRICT, WITHOUT ROWID;

-- A final state and the decision stay. Bits of `emitted` are added: one that is there already would be
-- carried away. One trigger for the three, since each costs every update.
CREATE TRIGGER payment_stands BEFORE UPDATE OF state, decision, emitted ON payment
WHEN (OLD.state >= 6 AND NEW.state <> OLD.state)
    OR (OLD.decision <> 0 AND NEW.decision <> OLD.decision)
    OR OLD.emitted & ~NEW.emitted <> 0
BEGIN
    SELECT RAISE(ABORT, 'a payment keeps its end and its decision, and says a thing once');
END;

-- Whose an account is, apart from what is on it: each order writes to an account, and the narrower the rows,
-- the fewer pages are written.
CREATE TABLE credit_line (
    tenant     TEXT    NOT NULL,
    customer   TEXT    NOT NULL,
    currency   TEXT    NOT NULL CHECK (length(currency) = 3),
    account_id INTEGER NOT NULL,
    PRIMARY KEY (tenant, customer, currency)
) STRICT, WITHOUT ROWID;

-- An operator may lower a credit below what is taken; then nothing more is.
CREATE TABLE account (
    account_id   INTEGER PRIMARY KEY,
    credit_minor INTEGER NOT NULL CHECK (credit_minor >= 0),
    posted_minor INTEGER NOT NULL CHECK (posted_minor >= 0), -- the sum of its transfers
    held_minor   INTEGER NOT NULL CHECK (held_minor >= 0)    -- the sum of its live holds
) STRICT;

-- Both legs of a posting in one row. Account 0 is the merchant's in that currency: no row is kept for it,
-- since every order would write to it; its balance is the sum of its transfers. Account -1 is the provider's:
-- what it has taken from cards and owes us.
CREATE TABLE transfer (
    order_id       BLOB    NOT NULL CHECK (length(order_id) = 16),
    kind           INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 2), -- enum transfer_kind
    refund_no      INTEGER NOT NULL CHECK ((refund_no = 0) = (kind = 1)),
    debit_account  INTEGER NOT NULL,
    credit_account INTEGER NOT NULL CHECK (credit_account <> debit_account),
    currency       TEXT    NOT NULL CHECK (length(currency) = 3),
    amount_minor   INTEGER NOT NULL CHECK (amount_minor > 0),
    PRIMARY KEY (order_id, kind, refund_no)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER transfer_is_not_changed BEFORE UPDATE ON transfer
BEGIN
    SELECT RAISE(ABORT, 'a posting stands; another one may reverse it');
END;

CREATE TRIGGER transfer_is_not_deleted BEFORE DELETE ON transfer
BEGIN
    SELECT RAISE(ABORT, 'a posting stands; another one may reverse it');
END;

-- While there is a row nothing is sent to the provider that could move money: what is known there and what is
-- known here may differ, as behind a restore. Reconciliation clears it.
CREATE TABLE payment_hold (
    reason TEXT NOT NULL
) STRICT;

-- How many payments are in each state, so that a start need not count them.
CREATE TABLE payment_count (
    state    INTEGER PRIMARY KEY CHECK (state BETWEEN 0 AND 9),
    payments INTEGER NOT NULL CHECK (payments >= 0)
) STRICT;
INSERT INTO payment_count (state, payments)
VALUES (0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (5, 0), (6, 0), (7, 0), (8, 0), (9, 0);
