-- Events say from where, and are for reading: what was written stays as it was.

ALTER TABLE events ADD COLUMN address TEXT NOT NULL DEFAULT '';

-- Where a version's push came from, for the events that follow from it.
ALTER TABLE records ADD COLUMN address TEXT NOT NULL DEFAULT '';

-- What happened before may be forgotten, as the operator configured. One row.
CREATE TABLE event_horizon (
	id INTEGER PRIMARY KEY CHECK (id = 1),
	forgotten_before INTEGER NOT NULL
) STRICT;

INSERT INTO event_horizon VALUES (1, 0);

CREATE TRIGGER event_horizon_rises BEFORE UPDATE ON event_horizon
	WHEN NEW.forgotten_before < OLD.forgotten_before
	BEGIN SELECT RAISE(ABORT, 'the horizon of events only rises'); END;

CREATE TRIGGER event_horizon_stays BEFORE DELETE ON event_horizon
	BEGIN SELECT RAISE(ABORT, 'the horizon of events stays'); END;

CREATE TRIGGER events_stay_as_written BEFORE UPDATE ON events
	BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;

CREATE TRIGGER events_stay BEFORE DELETE ON events
	WHEN OLD.happened >= (SELECT forgotten_before FROM event_horizon)
	BEGIN SELECT RAISE(ABORT, 'events are never removed before their time'); END;
