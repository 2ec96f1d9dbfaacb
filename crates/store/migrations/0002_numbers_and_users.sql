-- More of what a number and a user are; nested values that no query looks into.

ALTER TABLE numbers ADD COLUMN registration_json TEXT NOT NULL DEFAULT '{}';
ALTER TABLE numbers ADD COLUMN about_json TEXT NOT NULL DEFAULT '{}';
ALTER TABLE numbers ADD COLUMN standing_json TEXT NOT NULL DEFAULT '{}';
ALTER TABLE users ADD COLUMN identity_json TEXT NOT NULL DEFAULT '{}';
ALTER TABLE users ADD COLUMN client_json TEXT NOT NULL DEFAULT '{}';
