-- 0001_orders.sql: an order, as its customer asked for it, and what became of it.
CREATE TABLE orders (
    order_id        BLOB    PRIMARY KEY CHECK (length(order_id) = 16),
    tenant          TEXT    NOT NULL,
    customer        TEXT    NOT NULL,
    idempotency_key TEXT    NOT NULL,   -- asked twice with one key, created once
    fingerprint     BLOB    NOT NULL CHECK (length(fingerprint) = 32), -- SHA-256 of what was asked
    state           INTEGER NOT NULL CHECK (state BETWEEN 0 AND 5),  -- enum order_state
    cancel          INTEGER NOT NULL CHECK (cancel BETWEEN 0 AND 3), -- enum order_cancel
    currency        TEXT    NOT NULL CHECK (length(currency) = 3),
    total_minor     INTEGER NOT NULL CHECK (total_minor >= 0),
    body            BLOB    NOT NULL,   -- panglot.orders.v1.Order: lines with prices, payment, ship_to
    created_at_ns   INTEGER NOT NULL,
    deadline_at_ns  INTEGER NOT NULL,
    reason          TEXT    NOT NULL,   -- why it ended as it did; before that, what was heard of it
    changes         BLOB    NOT NULL,   -- 9 bytes each: what changed (ChangeKind) in the upper half of one, the state below; when, little-endian; their number is the version
    said            INTEGER NOT NULL,   -- a bit for each kind of event said; not for those that come several times
    last_event_seq  INTEGER NOT NULL,   -- of our log; the event names the one before it
    previous_id     BLOB    NOT NULL,   -- the customer's order before this one; empty for the first
    beyond          INTEGER NOT NULL    -- which of the tables below have rows of it (enum order_beyond)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER orders_final_is_final BEFORE UPDATE OF state ON orders
WHEN old.state >= 3 AND new.state <> old.state
BEGIN
    SELECT RAISE(ABORT, 'a final state does not change');
END;

CREATE TRIGGER orders_says_once BEFORE UPDATE OF said ON orders
WHEN (old.said & (new.said - old.said)) <> 0
BEGIN
    SELECT RAISE(ABORT, 'an order says each kind of event once');
END;

-- What a customer has to do before the payment goes on.
CREATE TABLE order_action (
    order_id      BLOB    PRIMARY KEY,
    next_action   TEXT    NOT NULL,
    expires_at_ns INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Lines of orders of which something was dropped, shipped or refunded; of others all is confirmed and nothing else happened.
CREATE TABLE order_line (
    order_id  BLOB    NOT NULL,
    line_no   INTEGER NOT NULL CHECK (line_no >= 1),
    confirmed INTEGER NOT NULL CHECK (confirmed >= 0),
    shipped   INTEGER NOT NULL CHECK (shipped BETWEEN 0 AND confirmed),
    returned  INTEGER NOT NULL CHECK (returned BETWEEN 0 AND shipped), -- of what was shipped
    refunding INTEGER NOT NULL CHECK (refunding >= 0),  -- asked for, and not yet given back
    refunded  INTEGER NOT NULL CHECK (refunded >= 0),
    PRIMARY KEY (order_id, line_no),
    CHECK (refunding + refunded <= confirmed)           -- never more than was paid
) STRICT, WITHOUT ROWID;

CREATE TABLE order_refund (
    order_id        BLOB    NOT NULL,
    refund_no       INTEGER NOT NULL CHECK (refund_no >= 1),
    operator        TEXT    NOT NULL,
    idempotency_key TEXT    NOT NULL,   -- asked twice with one key, made once
    fingerprint     BLOB    NOT NULL CHECK (length(fingerprint) = 32), -- SHA-256 of what was asked
    status          INTEGER NOT NULL CHECK (status BETWEEN 1 AND 3),   -- panglot.orders.v1.RefundStatus
    amount_minor    INTEGER NOT NULL CHECK (amount_minor >= 0),
    body            BLOB    NOT NULL,   -- panglot.orders.v1.OrderRefund: lines and reason
    is_returned     INTEGER NOT NULL CHECK (is_returned BETWEEN 0 AND 1), -- Inventory has told what became of the goods
    requested_at_ns INTEGER NOT NULL,
    ended_at_ns     INTEGER NOT NULL,   -- 0: not yet
    failure         TEXT    NOT NULL,
    PRIMARY KEY (order_id, refund_no),
    UNIQUE (order_id, operator, idempotency_key)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER order_refund_end_is_final BEFORE UPDATE OF status ON order_refund
WHEN old.status > 1 AND new.status <> old.status
BEGIN
    SELECT RAISE(ABORT, 'an ended refund does not change');
END;

CREATE TABLE order_shipment (
    order_id    BLOB    NOT NULL,
    shipment_no INTEGER NOT NULL,
    body        BLOB    NOT NULL,       -- panglot.orders.v1.OrderShipment
    PRIMARY KEY (order_id, shipment_no)
) STRICT, WITHOUT ROWID;

-- Older entries of the indexes that are kept in memory first (store/recent.h). Keys are hashes; a look-up compares the row.
CREATE TABLE order_by_key (
    hash     INTEGER PRIMARY KEY,
    order_id BLOB    NOT NULL
) STRICT;
CREATE TABLE newest_of_customer (
    hash     INTEGER PRIMARY KEY,
    order_id BLOB    NOT NULL
) STRICT;
CREATE TABLE order_index (
    id              INTEGER PRIMARY KEY CHECK (id = 1),
    hash_seed       BLOB    NOT NULL,   -- the hashes on disk are made with it
    keys_up_to      BLOB    NOT NULL,   -- order_by_key has every order up to here
    customers_up_to BLOB    NOT NULL    -- newest_of_customer likewise
) STRICT;

CREATE TABLE order_count (
    state INTEGER PRIMARY KEY CHECK (state BETWEEN 0 AND 5),
    count INTEGER NOT NULL CHECK (count >= 0)
) STRICT;

-- What time it is for deadlines (saga/clock.h), as of the last tick, and where to look for open orders.
CREATE TABLE order_clock (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    now_ns      INTEGER NOT NULL,
    wall_ns     INTEGER NOT NULL,
    final_below BLOB    NOT NULL    -- every order before this one has reached a final state
) STRICT;
INSERT INTO order_clock (id, now_ns, wall_ns, final_below) VALUES (1, 0, 0, x'');
