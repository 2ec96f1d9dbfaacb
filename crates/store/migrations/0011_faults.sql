-- Which faults the sandbox was asked to do to an attempt.

ALTER TABLE attempts ADD COLUMN fault TEXT;
