-- The names of one owner, in order: what an account shows.
CREATE INDEX names_owner ON names (owner, name) WHERE owner <> '';
