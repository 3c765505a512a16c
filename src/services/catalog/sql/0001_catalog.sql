-- 0001_catalog.sql: what can be bought, and for how much.
CREATE TABLE product (
    sku           TEXT    PRIMARY KEY CHECK (length(sku) BETWEEN 1 AND 64),
    name          TEXT    NOT NULL,
    description   TEXT    NOT NULL,
    category      TEXT    NOT NULL,
    image_url     TEXT    NOT NULL,
    price_minor   INTEGER NOT NULL CHECK (price_minor >= 0),
    currency      TEXT    NOT NULL CHECK (length(currency) = 3),
    active        INTEGER NOT NULL CHECK (active IN (0, 1)),
    version       INTEGER NOT NULL CHECK (version >= 1),        -- counts its changes
    retired_at_ns INTEGER NOT NULL CHECK (active = 0 OR retired_at_ns = 0),  -- since when it is not sold any more; 0: never was
    text_id       INTEGER NOT NULL UNIQUE                       -- its number in product_text
) STRICT, WITHOUT ROWID;
-- Written by people, not by orders.
CREATE INDEX product_by_category ON product (category, sku);
CREATE INDEX product_by_price ON product (price_minor, sku);
CREATE INDEX product_by_name ON product (name, sku);

-- The words of products; the texts themselves are in the table above. Kept in step by product_put
-- (catalog_sql.c): a trigger may not write a virtual table where the schema is not trusted.
CREATE VIRTUAL TABLE product_text USING fts5 (
    sku,
    name,
    description,
    category,
    content = 'product',
    content_rowid = 'text_id',
    tokenize = 'unicode61 remove_diacritics 2'
);
