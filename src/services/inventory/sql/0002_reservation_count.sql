-- 0002_reservation_count.sql: how many reservations are in each state, so that a start need not count them.
CREATE TABLE reservation_count (
    state        INTEGER PRIMARY KEY CHECK (state BETWEEN 1 AND 5),
    reservations INTEGER NOT NULL CHECK (reservations >= 0)
) STRICT;
INSERT INTO reservation_count (state, reservations)
SELECT state, count(*) FROM reservation GROUP BY state;
