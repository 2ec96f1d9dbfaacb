-- Webhooks sent once more because somebody asked.

ALTER TABLE attempts ADD COLUMN replay INTEGER NOT NULL DEFAULT 0;
