-- 0002_cards.sql: what is known of a card beyond its payment, what is to be done at the provider, and what was
-- given back. Nothing here is written for a payment from an account, its refunds apart.
CREATE TABLE card (
    order_id           BLOB    PRIMARY KEY CHECK (length(order_id) = 16),
    card_token         TEXT    NOT NULL, -- the provider's word for the card
    handle             TEXT    NOT NULL, -- of the provider's object; '' until it is made
    next_action        TEXT    NOT NULL, -- where the customer has to go
    hold_expires_at_ns INTEGER NOT NULL, -- 0: not told
    taking             BLOB    NOT NULL  -- panglot.events.v1.PaymentCaptured, as it will be said; empty until decided
) STRICT, WITHOUT ROWID;

-- Money is on one object for ever, or on none.
CREATE TRIGGER card_keeps_its_handle BEFORE UPDATE OF handle ON card
WHEN OLD.handle <> '' AND NEW.handle <> OLD.handle
BEGIN
    SELECT RAISE(ABORT, 'a payment has one object at the provider');
END;

-- One operation that is open, of a payment or of one of its refunds. Gone when it is resolved.
CREATE TABLE intent (
    order_id         BLOB    NOT NULL CHECK (length(order_id) = 16),
    refund_no        INTEGER NOT NULL CHECK (refund_no >= 0),         -- 0: of the payment itself
    op               INTEGER NOT NULL CHECK (op BETWEEN 1 AND 6),     -- enum payment_op; 6 a refund
    op_state         INTEGER NOT NULL CHECK (op_state BETWEEN 1 AND 4), -- enum op_state; 4 parked
    lane             INTEGER NOT NULL CHECK (lane BETWEEN 0 AND 4),   -- enum intent_lane
    due_at_ns        INTEGER NOT NULL,   -- wall clock; while in flight, the end of the lease
    attempt          INTEGER NOT NULL CHECK (attempt >= 1),           -- of the idempotency key
    tries            INTEGER NOT NULL CHECK (tries >= 0),             -- calls, questions included
    planned_at_ns    INTEGER NOT NULL,
    first_sent_at_ns INTEGER NOT NULL,   -- with this key; 0: never
    sent_at_ns       INTEGER NOT NULL,   -- the last time
    owner_epoch      INTEGER NOT NULL,   -- the run of the program that has it in flight
    sent_seen        INTEGER NOT NULL,   -- enum provider_seen of the last send; -1 nothing
    seen             INTEGER NOT NULL,   -- of the last call, questions included
    code             TEXT    NOT NULL,   -- of a refusal
    http_status      INTEGER NOT NULL,
    amount_minor     INTEGER NOT NULL CHECK (amount_minor >= 0),
    is_awaited       INTEGER NOT NULL CHECK (is_awaited BETWEEN 0 AND 1), -- its order cannot end before
    PRIMARY KEY (order_id, refund_no)
) STRICT, WITHOUT ROWID;
CREATE INDEX intent_due ON intent (lane, due_at_ns);

-- Raised by each run that calls the provider: what an earlier one had in flight is nobody's.
CREATE TABLE effects_epoch (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    epoch INTEGER NOT NULL
) STRICT;
INSERT INTO effects_epoch (id, epoch) VALUES (1, 0);

CREATE TABLE refund (
    order_id     BLOB    NOT NULL CHECK (length(order_id) = 16),
    refund_no    INTEGER NOT NULL CHECK (refund_no >= 1),
    state        INTEGER NOT NULL CHECK (state BETWEEN 1 AND 3), -- enum refund_state
    amount_minor INTEGER NOT NULL CHECK (amount_minor >= 0),
    handle       TEXT    NOT NULL, -- of the provider's refund
    failure_code TEXT    NOT NULL,
    telling      BLOB    NOT NULL, -- panglot.events.v1.PaymentRefunded, as it will be said
    PRIMARY KEY (order_id, refund_no)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER refund_stands BEFORE UPDATE OF state ON refund
WHEN OLD.state <> 1 AND NEW.state <> OLD.state
BEGIN
    SELECT RAISE(ABORT, 'a refund keeps its end');
END;

-- The provider's webhooks that were taken, so that none is taken twice.
CREATE TABLE hint (
    event_id   TEXT    PRIMARY KEY,
    seen_at_ns INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX hint_seen ON hint (seen_at_ns);
