"""The SQL of orders and fills: as many rows as there are, in as many statements as stand here."""

from __future__ import annotations

from apps.trading.choices import UNDER_WAY

_UNDER_WAY = ", ".join(f"'{status.value}'" for status in UNDER_WAY)

# Held until the end of the transaction, in one order everywhere: two that change the same books wait for one another
# and never deadlock. Whatever changes a book, its orders or its positions takes these locks first.
LOCK_BOOKS = "SELECT id FROM trading_book WHERE id = ANY(%s::bigint[]) ORDER BY id FOR NO KEY UPDATE"

# Everything the checks need of each pair of book and instrument. Read after the lock, so that it shows what those
# before have left.
STANDINGS = f"""
SELECT pair.book_id, pair.instrument_id, i.symbol, coalesce(x.tick_size, i.tick_size),
    coalesce(x.lot_size, i.lot_size), coalesce(x.min_size, i.min_size), coalesce(x.min_notional, i.min_notional),
    b.workspace_id, b.account_id, b.cash, b.day, b.day_equity, b.peak_equity, b.closed_at IS NOT NULL,
    a.kind, a.state, a.exchange, a.name, coalesce(p.units, 0), m.price,
    under_way.bid, under_way.ask, coalesce(other.gross, 0), coalesce(other.net, 0),
    least(lw.max_order_notional, la.max_order_notional, lb.max_order_notional),
    least(lw.max_position_notional, la.max_position_notional, lb.max_position_notional),
    least(lw.max_daily_loss, la.max_daily_loss, lb.max_daily_loss),
    least(lw.max_drawdown, la.max_drawdown, lb.max_drawdown),
    least(lw.max_leverage, la.max_leverage, lb.max_leverage),
    least(lw.price_collar_bps, la.price_collar_bps, lb.price_collar_bps),
    least(lw.orders_per_minute, la.orders_per_minute, lb.orders_per_minute),
    lw.symbols, la.symbols, lb.symbols
FROM unnest(%s::bigint[], %s::bigint[]) AS pair (book_id, instrument_id)
JOIN trading_book AS b ON b.id = pair.book_id
JOIN trading_tradingaccount AS a ON a.id = b.account_id
JOIN markets_instrument AS i ON i.id = pair.instrument_id
LEFT JOIN trading_exchangemarket AS x
    ON x.exchange = a.exchange AND x.is_testnet = a.is_testnet AND x.name = i.symbol
LEFT JOIN trading_position AS p ON p.book_id = b.id AND p.instrument_id = i.id
LEFT JOIN trading_mark AS m ON m.instrument_id = i.id AND m.source = b.price_source
LEFT JOIN trading_risklimits AS lw
    ON lw.workspace_id = b.workspace_id AND lw.account_id IS NULL AND lw.book_id IS NULL
LEFT JOIN trading_risklimits AS la ON la.workspace_id = b.workspace_id AND la.account_id = a.id
LEFT JOIN trading_risklimits AS lb ON lb.workspace_id = b.workspace_id AND lb.book_id = b.id
CROSS JOIN LATERAL (
    SELECT coalesce(sum(o.units - o.filled) FILTER (WHERE o.side = 'buy'), 0) AS bid,
        coalesce(sum(o.units - o.filled) FILTER (WHERE o.side = 'sell'), 0) AS ask
    FROM trading_order AS o
    WHERE o.book_id = b.id AND o.instrument_id = i.id AND o.status IN ({_UNDER_WAY})
) AS under_way
CROSS JOIN LATERAL (
    SELECT sum(abs(coalesce(q.units * n.price, q.cost))) AS gross, sum(coalesce(q.units * n.price, q.cost)) AS net
    FROM trading_position AS q
    LEFT JOIN trading_mark AS n ON n.instrument_id = q.instrument_id AND n.source = b.price_source
    WHERE q.book_id = b.id AND q.instrument_id <> i.id AND q.units <> 0
) AS other
"""  # noqa: S608  words of our own

SWITCHES = """
SELECT scope, workspace_id, book_id, value, reason FROM trading_killswitch
WHERE lifted_at IS NULL AND (workspace_id IS NULL OR workspace_id = ANY(%s::bigint[])) ORDER BY id
"""

RECENT_INTENTS = """
SELECT asked.book_id, (
    SELECT count(*) FROM trading_intent AS t WHERE t.book_id = asked.book_id AND t.refused_for = ''
    AND t.decided_at > asked.since AND t.decided_at <= asked.until
)
FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[]) AS asked (book_id, since, until)
"""

# Intents that are there already are left out, with what would have followed them.
INSERT_INTENTS = """
WITH incoming AS (
    SELECT * FROM unnest(
        %s::text[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::numeric[], %s::jsonb[],
        %s::numeric[], %s::numeric[], %s::numeric[], %s::boolean[], %s::bigint[], %s::timestamptz[],
        %s::timestamptz[], %s::text[], %s::text[], %s::jsonb[], %s::bigint[], %s::text[], %s::text[], %s::text[]
    ) WITH ORDINALITY AS t (key, book_id, instrument_id, side, purpose, kind, units, size, price, trigger,
        reference_price, reduce_only, bar_time, decided_at, expires_at, refused_for, refusal, why,
        account_id, client_order_id, status, source, nr)
), intents AS (
    INSERT INTO trading_intent (key, book_id, instrument_id, side, purpose, kind, units, size, price, trigger,
        reference_price, reduce_only, bar_time, decided_at, expires_at, refused_for, refusal, why)
    SELECT key, book_id, instrument_id, side, purpose, kind, units, size, price, trigger,
        reference_price, reduce_only, bar_time, decided_at, expires_at, refused_for, refusal, why
    FROM incoming ORDER BY nr
    ON CONFLICT (key) DO NOTHING
    RETURNING id, key
), orders AS (
    INSERT INTO trading_order (intent_id, account_id, book_id, instrument_id, client_order_id, exchange_order_id, side,
        kind, units, price, trigger, reduce_only, stage, status, filled, words, created_at, expires_at, updated_at)
    SELECT intents.id, account_id, book_id, instrument_id, client_order_id, '', side,
        kind, units, price, trigger, reduce_only, status, status, 0, '', %s, expires_at, %s
    FROM intents JOIN incoming USING (key) WHERE refused_for = '' ORDER BY nr
    RETURNING id, intent_id, status, client_order_id
), events AS (
    INSERT INTO trading_orderevent (order_id, number, kind, data, at, source)
    SELECT orders.id, 0, CASE orders.status WHEN 'open' THEN 'accepted' ELSE 'placed' END, '{}', %s, incoming.source
    FROM orders JOIN incoming USING (client_order_id) ORDER BY nr
)
SELECT intents.key, orders.id FROM intents LEFT JOIN orders ON orders.intent_id = intents.id
"""

STORED_INTENTS = "SELECT key, refused_for, refusal FROM trading_intent WHERE key = ANY(%s::text[])"

# As LOCK_BOOKS, for the books of some orders; an order never moves to another book.
LOCK_BOOKS_OF_ORDERS = """
SELECT id FROM trading_book WHERE id IN (
    SELECT o.book_id FROM trading_order AS o
    WHERE o.account_id = ANY(%s::bigint[]) AND o.client_order_id = ANY(%s::text[])
) ORDER BY id FOR NO KEY UPDATE
"""

# The orders of fills, each with what its book holds and what of it was filled already.
FILLED_ORDERS = """
SELECT o.client_order_id, o.id, o.account_id, o.book_id, o.instrument_id, o.side, o.units, o.stage, b.currency,
    p.units, p.cost, p.realised, p.fees, p.opened_at, f.units, f.paid, f.is_last
FROM trading_order AS o
JOIN trading_book AS b ON b.id = o.book_id
LEFT JOIN trading_position AS p ON p.book_id = o.book_id AND p.instrument_id = o.instrument_id
CROSS JOIN LATERAL (
    SELECT coalesce(sum(units), 0) AS units, coalesce(sum(units * price), 0) AS paid,
        coalesce(bool_or(is_last), false) AS is_last
    FROM trading_fill WHERE order_id = o.id
) AS f
WHERE o.account_id = ANY(%s::bigint[]) AND o.client_order_id = ANY(%s::text[])
"""

KNOWN_FILLS = """
SELECT f.account_id, f.exchange_trade_id FROM unnest(%s::bigint[], %s::text[]) AS t (account_id, trade)
JOIN trading_fill AS f ON f.account_id = t.account_id AND f.exchange_trade_id = t.trade
"""

INSERT_FILLS = """
WITH incoming AS (
    SELECT * FROM unnest(
        %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::numeric[], %s::numeric[],
        %s::numeric[], %s::text[], %s::numeric[], %s::numeric[], %s::text[], %s::boolean[], %s::timestamptz[],
        %s::numeric[]
    ) WITH ORDINALITY AS t (order_id, account_id, book_id, instrument_id, exchange_trade_id, side, units, price,
        fee, fee_currency, fee_paid, realised, reason, is_last, at, cash, nr)
), fills AS (
    INSERT INTO trading_fill (order_id, account_id, book_id, instrument_id, exchange_trade_id, side, units, price,
        fee, fee_currency, fee_paid, realised, reason, is_last, at)
    SELECT order_id, account_id, book_id, instrument_id, exchange_trade_id, side, units, price,
        fee, fee_currency, fee_paid, realised, reason, is_last, at
    FROM incoming ORDER BY nr
    RETURNING id, account_id, exchange_trade_id
), entries AS (
    INSERT INTO trading_cashentry (book_id, kind, amount, fill_id, note, at)
    SELECT incoming.book_id, entry.kind, entry.amount, fills.id, '', incoming.at
    FROM incoming JOIN fills USING (account_id, exchange_trade_id)
    CROSS JOIN LATERAL (VALUES (1, 'trade', incoming.cash), (2, 'fee', -incoming.fee)) AS entry (turn, kind, amount)
    WHERE entry.kind = 'trade' OR entry.amount <> 0
    ORDER BY nr, turn
)
SELECT id FROM fills ORDER BY id
"""

STORE_POSITIONS = """
INSERT INTO trading_position (book_id, instrument_id, units, cost, realised, fees, opened_at, updated_at)
SELECT book_id, instrument_id, units, cost, realised, fees, opened_at, %s
FROM unnest(%s::bigint[], %s::bigint[], %s::numeric[], %s::numeric[], %s::numeric[], %s::numeric[], %s::timestamptz[])
    AS t (book_id, instrument_id, units, cost, realised, fees, opened_at)
ON CONFLICT (book_id, instrument_id) DO UPDATE SET units = EXCLUDED.units, cost = EXCLUDED.cost,
    realised = EXCLUDED.realised, fees = EXCLUDED.fees, opened_at = EXCLUDED.opened_at, updated_at = EXCLUDED.updated_at
"""

ADD_CASH = """
UPDATE trading_book AS b SET cash = b.cash + t.amount, updated_at = %s
FROM unnest(%s::bigint[], %s::numeric[]) AS t (book_id, amount) WHERE b.id = t.book_id
"""

STORE_ORDERS = """
UPDATE trading_order AS o SET status = t.status, filled = t.filled, average = t.average, updated_at = %s
FROM unnest(%s::bigint[], %s::text[], %s::numeric[], %s::numeric[]) AS t (id, status, filled, average)
WHERE o.id = t.id
"""

# Where the new prices begin another day, these books (NULL: all) that hold something there begin it with what they are
# worth now. Runs before the new prices are stored.
BEGIN_DAYS = """
WITH fresh AS (
    SELECT * FROM unnest(%s::text[], %s::bigint[], %s::numeric[], %s::timestamptz[])
        AS t (source, instrument_id, price, at)
), chosen AS (
    SELECT %s::bigint[] AS ids
), worth AS (
    SELECT b.id, (max(fresh.at) AT TIME ZONE 'UTC')::date AS day, max(fresh.at) AS at,
        b.cash, b.cash + sum(coalesce(p.units * coalesce(fresh.price, m.price), p.cost)) AS equity
    FROM trading_book AS b
    JOIN trading_position AS p ON p.book_id = b.id AND p.units <> 0
    LEFT JOIN fresh ON fresh.source = b.price_source AND fresh.instrument_id = p.instrument_id
    LEFT JOIN trading_mark AS m ON m.source = b.price_source AND m.instrument_id = p.instrument_id
    WHERE b.closed_at IS NULL AND b.price_source IN (SELECT source FROM fresh)
        AND ((SELECT ids FROM chosen) IS NULL OR b.id = ANY((SELECT ids FROM chosen)::bigint[]))
    GROUP BY b.id HAVING b.day IS NULL OR b.day < (max(fresh.at) AT TIME ZONE 'UTC')::date
), points AS (
    INSERT INTO trading_equitypoint (book_id, at, cash, equity)
    SELECT id, at, cash, equity FROM worth WHERE at IS NOT NULL
    ON CONFLICT (book_id, at) DO NOTHING
)
UPDATE trading_book AS b
SET day = worth.day, day_equity = worth.equity, peak_equity = greatest(b.peak_equity, worth.equity)
FROM worth WHERE worth.id = b.id AND worth.day IS NOT NULL
"""

BEGIN_DAY_OF_BOOKS = """
UPDATE trading_book AS b SET day = t.day, day_equity = t.equity, peak_equity = greatest(b.peak_equity, t.equity)
FROM unnest(%s::bigint[], %s::date[], %s::numeric[]) AS t (id, day, equity)
WHERE b.id = t.id AND (b.day IS NULL OR b.day < t.day)
"""

# What every open book is worth now. A position without a price is worth what it cost; a flat book is as old as its last
# fill. A book that is worth what its last point says gets none. Books under way in another transaction keep their peak
# until the next time: waiting for them, one after another, could end in a deadlock.
MARK_BOOKS = """
WITH worth AS (
    SELECT b.id, b.cash, b.cash + coalesce(sum(coalesce(p.units * m.price, p.cost)), 0) AS equity,
        greatest(b.opened_at, max(m.at), (SELECT f.at FROM trading_fill AS f WHERE f.book_id = b.id
            ORDER BY f.id DESC LIMIT 1)) AS at
    FROM trading_book AS b
    LEFT JOIN trading_position AS p ON p.book_id = b.id AND p.units <> 0
    LEFT JOIN trading_mark AS m ON m.source = b.price_source AND m.instrument_id = p.instrument_id
    WHERE b.closed_at IS NULL
    GROUP BY b.id
), changed AS (
    SELECT worth.* FROM worth
    LEFT JOIN LATERAL (
        SELECT q.equity FROM trading_equitypoint AS q WHERE q.book_id = worth.id ORDER BY q.at DESC LIMIT 1
    ) AS last ON true
    WHERE last.equity IS DISTINCT FROM round(worth.equity, 12)
), free AS (
    SELECT b.id FROM trading_book AS b JOIN worth ON worth.id = b.id
    WHERE b.peak_equity < worth.equity ORDER BY b.id FOR NO KEY UPDATE OF b SKIP LOCKED
), peaks AS (
    UPDATE trading_book AS b SET peak_equity = worth.equity FROM worth JOIN free ON free.id = worth.id
    WHERE worth.id = b.id AND b.peak_equity < worth.equity
)
INSERT INTO trading_equitypoint AS e (book_id, at, cash, equity) SELECT id, at, cash, equity FROM changed ORDER BY id
ON CONFLICT (book_id, at) DO UPDATE SET cash = EXCLUDED.cash, equity = EXCLUDED.equity
"""

STORE_MARKS = """
INSERT INTO trading_mark AS m (source, instrument_id, price, at)
SELECT source, instrument_id, price, at
FROM unnest(%s::text[], %s::bigint[], %s::numeric[], %s::timestamptz[]) AS t (source, instrument_id, price, at)
ORDER BY instrument_id, source
ON CONFLICT (instrument_id, source) DO UPDATE SET price = EXCLUDED.price, at = EXCLUDED.at WHERE m.at <= EXCLUDED.at
"""

ORDERS_OF_EVENTS = """
SELECT o.account_id, o.client_order_id, o.id, o.stage, o.status, o.words, o.exchange_order_id, o.submitted_at,
    o.filled, o.average, o.units
FROM trading_order AS o WHERE o.account_id = ANY(%s::bigint[]) AND o.client_order_id = ANY(%s::text[])
"""

# An order may have many events: the next number is one more than the highest, and the caller holds the order's book.
STORE_EVENTS = """
WITH events AS (
    INSERT INTO trading_orderevent (order_id, number, kind, data, at, source)
    SELECT t.order_id, coalesce((SELECT max(number) FROM trading_orderevent AS e WHERE e.order_id = t.order_id), -1)
        + t.turn, t.kind, t.data, t.at, t.source
    FROM unnest(%s::bigint[], %s::integer[], %s::text[], %s::jsonb[], %s::timestamptz[], %s::text[])
        AS t (order_id, turn, kind, data, at, source)
)
UPDATE trading_order AS o SET stage = t.stage, status = t.status, words = t.words, updated_at = %s,
    exchange_order_id = CASE WHEN t.exchange_order_id = '' THEN o.exchange_order_id ELSE t.exchange_order_id END,
    submitted_at = coalesce(t.submitted_at, o.submitted_at)
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[])
    AS t (id, stage, status, words, exchange_order_id, submitted_at)
WHERE o.id = t.id
"""

# The oldest order of an account that waits and whose book has none before it, of the same instrument, still unsettled.
# Its book is locked: whoever changes an order holds that first.
_FIRST = """
o.status = 'pending' AND NOT EXISTS (
    SELECT FROM trading_order AS e
    WHERE e.account_id = o.account_id AND e.book_id = o.book_id AND e.instrument_id = o.instrument_id
        AND e.status IN ('pending', 'submitting', 'unknown') AND e.id < o.id
)
"""
NEXT_TO_SEND = f"""
SELECT o.id FROM trading_order AS o JOIN trading_book AS b ON b.id = o.book_id
WHERE o.account_id = %s AND {_FIRST} ORDER BY o.id LIMIT 1 FOR NO KEY UPDATE OF b
"""  # noqa: S608  words of our own

# Gives nothing where another worker was faster while this one waited for the book. An order that waits has no fills,
# so that its status is its stage (rules.orders).
CLAIM_ORDER = f"""
WITH claimed AS (
    UPDATE trading_order AS o SET stage = 'submitting', status = 'submitting', submitted_at = %s, updated_at = %s
    WHERE o.id = %s AND {_FIRST} RETURNING o.*
), event AS (
    INSERT INTO trading_orderevent (order_id, number, kind, data, at, source)
    SELECT c.id, coalesce((SELECT max(number) FROM trading_orderevent AS e WHERE e.order_id = c.id), -1) + 1,
        'submitting', %s::jsonb, %s, 'us'
    FROM claimed AS c
)
SELECT c.id, c.client_order_id, i.symbol, c.side, c.kind, c.units, c.price, c.trigger
FROM claimed AS c JOIN markets_instrument AS i ON i.id = c.instrument_id
"""  # noqa: S608  words of our own
