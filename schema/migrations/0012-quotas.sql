-- What quotas are counted by.

-- Who brought a blob to a repository, for as long as no manifest says so.
ALTER TABLE repository_blobs ADD COLUMN pusher TEXT NOT NULL DEFAULT '';

CREATE INDEX repository_blobs_pusher ON repository_blobs (pusher, name_id, blob_id);
CREATE INDEX manifests_pusher ON manifests (pusher) WHERE made = 0;
CREATE INDEX records_pusher ON records (pusher, name_id, state, size);
CREATE INDEX records_name ON records (name_id, state, size);
