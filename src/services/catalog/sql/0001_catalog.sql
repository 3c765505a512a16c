-- 0001_catalog.sql: what can be bought, and for how much.
CREATE TABLE product (
    sku         TEXT    PRIMARY KEY CHECK (length(sku) BETWEEN 1 AND 64),
    name        TEXT    NOT NULL,
    description TEXT    NOT NULL,
    category    TEXT    NOT NULL,
    image_url   TEXT    NOT NULL,
    price_minor INTEGER NOT NULL CHECK (price_minor >= 0),
    currency    TEXT    NOT NULL CHECK (length(currency) = 3),
    active      INTEGER NOT NULL CHECK (active IN (0, 1))
) STRICT, WITHOUT ROWID;
CREATE INDEX product_by_category ON product (category, sku); -- written by people, not by orders
