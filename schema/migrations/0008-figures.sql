-- How much there is: one row, kept by the changes themselves, so that asking counts nothing.

CREATE TABLE figures (
	packages INTEGER NOT NULL, -- names with a version that is published or yanked
	incomplete INTEGER NOT NULL, -- versions in that state, and so on
	checking INTEGER NOT NULL,
	published INTEGER NOT NULL,
	rejected INTEGER NOT NULL,
	yanked INTEGER NOT NULL,
	blobs INTEGER NOT NULL, -- whose bytes are there, as a row or a file
	blob_bytes INTEGER NOT NULL,
	damaged INTEGER NOT NULL, -- blobs that are set aside
	manifests INTEGER NOT NULL,
	tags INTEGER NOT NULL,
	sessions INTEGER NOT NULL -- uploads in several requests, as far as they are durable
) STRICT;

INSERT INTO figures SELECT
	(SELECT count(*) FROM names WHERE published + yanked > 0),
	(SELECT count(*) FROM records WHERE state = 0),
	(SELECT count(*) FROM records WHERE state = 1),
	(SELECT count(*) FROM records WHERE state = 2),
	(SELECT count(*) FROM records WHERE state = 3),
	(SELECT count(*) FROM records WHERE state = 4),
	(SELECT count(*) FROM blobs WHERE place IN (1, 2)),
	(SELECT coalesce(sum(size), 0) FROM blobs WHERE place IN (1, 2)),
	(SELECT count(*) FROM blobs WHERE place = 3),
	(SELECT count(*) FROM manifests),
	(SELECT count(*) FROM tags),
	(SELECT count(*) FROM sessions);

-- A name has no version when it is made, and none when it goes.
CREATE TRIGGER figures_of_names AFTER UPDATE OF published, yanked ON names
WHEN (new.published + new.yanked > 0) <> (old.published + old.yanked > 0) BEGIN
	UPDATE figures SET packages = packages + iif(new.published + new.yanked > 0, 1, -1);
END;

CREATE TRIGGER figures_of_records_new AFTER INSERT ON records BEGIN
	UPDATE figures SET
		incomplete = incomplete + (new.state = 0),
		checking = checking + (new.state = 1),
		published = published + (new.state = 2),
		rejected = rejected + (new.state = 3),
		yanked = yanked + (new.state = 4);
END;

CREATE TRIGGER figures_of_records_moved AFTER UPDATE OF state ON records
WHEN new.state <> old.state BEGIN
	UPDATE figures SET
		incomplete = incomplete + (new.state = 0) - (old.state = 0),
		checking = checking + (new.state = 1) - (old.state = 1),
		published = published + (new.state = 2) - (old.state = 2),
		rejected = rejected + (new.state = 3) - (old.state = 3),
		yanked = yanked + (new.state = 4) - (old.state = 4);
END;

CREATE TRIGGER figures_of_records_gone AFTER DELETE ON records BEGIN
	UPDATE figures SET
		incomplete = incomplete - (old.state = 0),
		checking = checking - (old.state = 1),
		published = published - (old.state = 2),
		rejected = rejected - (old.state = 3),
		yanked = yanked - (old.state = 4);
END;

CREATE TRIGGER figures_of_blobs_new AFTER INSERT ON blobs WHEN new.place <> 0 BEGIN
	UPDATE figures SET
		blobs = blobs + (new.place IN (1, 2)),
		blob_bytes = blob_bytes + iif(new.place IN (1, 2), new.size, 0),
		damaged = damaged + (new.place = 3);
END;

CREATE TRIGGER figures_of_blobs_moved AFTER UPDATE OF place, size ON blobs BEGIN
	UPDATE figures SET
		blobs = blobs + (new.place IN (1, 2)) - (old.place IN (1, 2)),
		blob_bytes = blob_bytes + iif(new.place IN (1, 2), new.size, 0)
			- iif(old.place IN (1, 2), old.size, 0),
		damaged = damaged + (new.place = 3) - (old.place = 3);
END;

CREATE TRIGGER figures_of_blobs_gone AFTER DELETE ON blobs WHEN old.place <> 0 BEGIN
	UPDATE figures SET
		blobs = blobs - (old.place IN (1, 2)),
		blob_bytes = blob_bytes - iif(old.place IN (1, 2), old.size, 0),
		damaged = damaged - (old.place = 3);
END;

CREATE TRIGGER figures_of_manifests_new AFTER INSERT ON manifests BEGIN
	UPDATE figures SET manifests = manifests + 1;
END;

CREATE TRIGGER figures_of_manifests_gone AFTER DELETE ON manifests BEGIN
	UPDATE figures SET manifests = manifests - 1;
END;

CREATE TRIGGER figures_of_tags_new AFTER INSERT ON tags BEGIN
	UPDATE figures SET tags = tags + 1;
END;

CREATE TRIGGER figures_of_tags_gone AFTER DELETE ON tags BEGIN
	UPDATE figures SET tags = tags - 1;
END;

CREATE TRIGGER figures_of_sessions_new AFTER INSERT ON sessions BEGIN
	UPDATE figures SET sessions = sessions + 1;
END;

CREATE TRIGGER figures_of_sessions_gone AFTER DELETE ON sessions BEGIN
	UPDATE figures SET sessions = sessions - 1;
END;
