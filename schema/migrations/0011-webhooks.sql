-- What is to be told to whom. A hook's cursor goes on in the transaction that queues what it passed:
-- the events themselves are the part of the queue that was not looked at yet.

CREATE TABLE webhooks (
	name TEXT PRIMARY KEY,
	-- Events up to this id are queued, or not this hook's business.
	cursor INTEGER NOT NULL,
	delivered INTEGER NOT NULL DEFAULT 0,
	-- When the last was, and what was wrong the last time that something was.
	last_delivered INTEGER NOT NULL DEFAULT 0,
	last_failed INTEGER NOT NULL DEFAULT 0,
	last_error TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

CREATE TABLE webhook_deliveries (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	-- What the receiver knows it by: the same however often it is sent.
	delivery TEXT NOT NULL UNIQUE,
	hook TEXT NOT NULL,
	-- Deliveries of one hook and package go out one after the other.
	name TEXT NOT NULL,
	event TEXT NOT NULL,
	body TEXT NOT NULL,
	queued INTEGER NOT NULL,
	attempts INTEGER NOT NULL DEFAULT 0,
	-- When it is to be sent next, in milliseconds.
	due INTEGER NOT NULL,
	-- 0 waits, 1 dead: given up.
	dead INTEGER NOT NULL DEFAULT 0 CHECK (dead IN (0, 1)),
	last_error TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX webhook_deliveries_due ON webhook_deliveries (hook, due) WHERE dead = 0;
CREATE INDEX webhook_deliveries_order ON webhook_deliveries (hook, name, id) WHERE dead = 0;
CREATE INDEX webhook_deliveries_dead ON webhook_deliveries (hook, id) WHERE dead = 1;
