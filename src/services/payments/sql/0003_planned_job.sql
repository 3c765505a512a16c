-- 0003_planned_job.sql: which operators' job was the newest when an operation was planned. A job is for what was
-- there when it was started, and the calendar, which may be set back, does not say what that is.
ALTER TABLE intent ADD COLUMN planned_job INTEGER NOT NULL DEFAULT 0;
