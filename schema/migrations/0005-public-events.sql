-- What everybody may know of what happened: a feed goes on from an event without passing all others.

CREATE INDEX events_public ON events (id)
	WHERE kind IN ('publish', 'yank', 'delete', 'flag', 'recheck', 'replace', 'import');
