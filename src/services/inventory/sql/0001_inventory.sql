-- 0001_inventory.sql: what lies where, what of it is set aside for which order, and why.
CREATE TABLE warehouse (
    id     INTEGER PRIMARY KEY,   -- 1, 2, 3 ... without holes: an index in memory
    code   TEXT    NOT NULL UNIQUE CHECK (length(code) BETWEEN 1 AND 32),
    region TEXT    NOT NULL        CHECK (length(region) BETWEEN 1 AND 16)
) STRICT;
INSERT INTO warehouse (id, code, region) VALUES
    (1, 'WH-EU-1',   'EU'),
    (2, 'WH-US-1',   'US'),
    (3, 'WH-APAC-1', 'APAC');

CREATE TABLE sku (
    id             INTEGER PRIMARY KEY,   -- 1, 2, 3 ... without holes: an index in memory
    sku            TEXT    NOT NULL UNIQUE CHECK (length(sku) BETWEEN 1 AND 64),
    last_event_seq INTEGER NOT NULL        -- of what is said about the SKU itself; 0: nothing yet
) STRICT;

CREATE TABLE stock (
    sku_id       INTEGER NOT NULL,
    warehouse_id INTEGER NOT NULL,
    -- A JSON number. Below 0 once tills have sold what was not there by our books; nothing else takes it there.
    on_hand      INTEGER NOT NULL CHECK (on_hand BETWEEN -9007199254740991 AND 9007199254740991),
    reserved     INTEGER NOT NULL CHECK (reserved >= 0),
    -- A till or a count may leave less than is reserved. That is a fact to be flagged, not a row to be refused.
    shortfall    INTEGER NOT NULL GENERATED ALWAYS AS (max(0, reserved - on_hand)) VIRTUAL,
    version      INTEGER NOT NULL,
    PRIMARY KEY (sku_id, warehouse_id)
) STRICT, WITHOUT ROWID;

-- Every change of a row of stock. Applied twice, a cause collides with itself.
CREATE TABLE stock_ledger (
    -- Id, enum stock_cause; of a parcel or a refund the order's id, the cause and its number, 4 bytes.
    cause_key     BLOB    NOT NULL CHECK (length(cause_key) IN (17, 21)),
    sku_id        INTEGER NOT NULL,
    warehouse_id  INTEGER NOT NULL,
    delta_on_hand  INTEGER NOT NULL,
    delta_reserved INTEGER NOT NULL,
    PRIMARY KEY (cause_key, sku_id, warehouse_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE reservation (
    order_id       BLOB    PRIMARY KEY CHECK (length(order_id) = 16),
    tenant         TEXT    NOT NULL,
    state          INTEGER NOT NULL CHECK (state BETWEEN 1 AND 5),    -- enum reservation_state
    allocations    BLOB    NOT NULL,   -- panglot.events.v1.InventoryCommitted; empty: none
    last_event_seq INTEGER NOT NULL,   -- of what was said about the order; 0: nothing
    -- What was said: 1 InventoryReserved, 2 ...ReservationFailed, 4 ...Released, 8 ...Committed. It goes
    -- with the state; and since each is added when it is said, saying it twice does not fit. What is
    -- said once a parcel or once a refund has a row of its own.
    emitted        INTEGER NOT NULL CHECK (CASE state WHEN 1 THEN emitted = 1
                                                      WHEN 2 THEN emitted = 2
                                                      WHEN 5 THEN emitted IN (0, 5)
                                                      ELSE emitted = 9 END)
) STRICT, WITHOUT ROWID;

-- HELD is left by a verdict and COMMITTED when nothing is left to be shipped; the others are final. (A trigger
-- that looks at more than the state costs each order a tenth of its time.)
CREATE TRIGGER reservation_is_final AFTER UPDATE OF state ON reservation
WHEN OLD.state <> 1 AND (OLD.state <> 3 OR NEW.state <> 4)
BEGIN
    SELECT RAISE(ABORT, 'a reservation never leaves its final state');
END;

-- What left for an order, and what was taken back of it. What a reservation has still to ship is what was
-- allocated less what these say: an order of which nothing has left yet has no row here.
CREATE TABLE shipment (
    order_id    BLOB    NOT NULL CHECK (length(order_id) = 16),
    shipment_no INTEGER NOT NULL CHECK (shipment_no >= 1),
    at_ns       INTEGER NOT NULL,
    shipped     BLOB    NOT NULL,   -- panglot.events.v1.InventoryShipped
    PRIMARY KEY (order_id, shipment_no)
) STRICT, WITHOUT ROWID;

CREATE TABLE refund (
    order_id  BLOB    NOT NULL CHECK (length(order_id) = 16),
    refund_no INTEGER NOT NULL,
    refunded  BLOB    NOT NULL,     -- panglot.events.v1.PaymentRefunded, as it was heard
    returned  BLOB    NOT NULL,     -- panglot.events.v1.InventoryReturned, as it was said
    PRIMARY KEY (order_id, refund_no)
) STRICT, WITHOUT ROWID;

-- The last message about a place that came from a source which counts its messages.
CREATE TABLE stock_source (
    source       TEXT    NOT NULL CHECK (length(source) BETWEEN 1 AND 64),
    sku_id       INTEGER NOT NULL,
    warehouse_id INTEGER NOT NULL,
    last_seq     INTEGER NOT NULL CHECK (last_seq >= 1),
    PRIMARY KEY (source, sku_id, warehouse_id)
) STRICT, WITHOUT ROWID;

-- What came and went at a place, for a day: a count may be of some time ago.
CREATE TABLE stock_moved (
    sku_id        INTEGER NOT NULL,
    warehouse_id  INTEGER NOT NULL,
    at_ns         INTEGER NOT NULL,
    delta_on_hand INTEGER NOT NULL,     -- of all that moved at that instant
    PRIMARY KEY (sku_id, warehouse_id, at_ns)
) STRICT, WITHOUT ROWID;

-- What people asked for with a key: goods in, a sale, a count, a parcel.
CREATE TABLE receipt (
    tenant          TEXT    NOT NULL,
    subject         TEXT    NOT NULL,
    idempotency_key TEXT    NOT NULL CHECK (length(idempotency_key) BETWEEN 1 AND 255),
    method          INTEGER NOT NULL,   -- of panglot.inventory.v1.InventoryService, by its place there
    request         BLOB    NOT NULL,   -- asked twice it has to be the same: the method and its request, packed,
    response        BLOB    NOT NULL,   -- and is answered as the first time: the response, packed
    PRIMARY KEY (tenant, subject, idempotency_key)
) STRICT, WITHOUT ROWID;
