-- What versions come to, by name and pusher, kept by the changes themselves: a quota adds up a row a
-- package, not one a version. Versions that are rejected do not count.

CREATE TABLE usage (
	name_id INTEGER NOT NULL REFERENCES names (id) ON DELETE CASCADE,
	pusher TEXT NOT NULL,
	versions INTEGER NOT NULL,
	bytes INTEGER NOT NULL,
	PRIMARY KEY (name_id, pusher)
) STRICT, WITHOUT ROWID;

CREATE INDEX usage_pusher ON usage (pusher, name_id, versions, bytes);

INSERT INTO usage SELECT name_id, pusher, count(*), sum(size) FROM records WHERE state <> 3
	GROUP BY name_id, pusher;

DROP INDEX records_pusher;
DROP INDEX records_name;

CREATE TRIGGER usage_of_records_new AFTER INSERT ON records WHEN new.state <> 3 BEGIN
	INSERT INTO usage VALUES (new.name_id, new.pusher, 1, new.size)
		ON CONFLICT (name_id, pusher) DO UPDATE SET
			versions = versions + 1, bytes = bytes + excluded.bytes;
END;

-- Neither pusher nor size of a version ever changes.
CREATE TRIGGER usage_of_records_moved AFTER UPDATE OF state ON records
WHEN (new.state = 3) <> (old.state = 3) BEGIN
	UPDATE usage SET
		versions = versions + iif(new.state = 3, -1, 1),
		bytes = bytes + iif(new.state = 3, -new.size, new.size)
		WHERE name_id = new.name_id AND pusher = new.pusher;
END;

CREATE TRIGGER usage_of_records_gone AFTER DELETE ON records WHEN old.state <> 3 BEGIN
	UPDATE usage SET versions = versions - 1, bytes = bytes - old.size
		WHERE name_id = old.name_id AND pusher = old.pusher;
END;
