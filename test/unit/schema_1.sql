-- SPDX-License-Identifier: ISC
-- The directory, the call log, the events and who read the log. One file for SQLite and PostgreSQL, so only what both
-- have: every number is BIGINT, every time wall-clock milliseconds, octets are BYTEA (to SQLite a name without meaning).

CREATE TABLE IF NOT EXISTS meta (
	name TEXT PRIMARY KEY,
	value BIGINT NOT NULL
);

CREATE TABLE IF NOT EXISTS people (
	id BIGINT PRIMARY KEY,
	name TEXT NOT NULL UNIQUE,
	display TEXT NOT NULL,
	enabled BIGINT NOT NULL CHECK (enabled IN (0, 1))
);

CREATE TABLE IF NOT EXISTS phones (
	id BIGINT PRIMARY KEY,
	label TEXT NOT NULL,
	state BIGINT NOT NULL,
	flags BIGINT NOT NULL,
	epoch BIGINT NOT NULL,
	not_after BIGINT NOT NULL,
	point BYTEA
);

CREATE TABLE IF NOT EXISTS bindings (
	person BIGINT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
	phone BIGINT NOT NULL REFERENCES phones (id) ON DELETE CASCADE,
	PRIMARY KEY (person, phone)
);

CREATE INDEX IF NOT EXISTS bindings_phone ON bindings (phone);

-- R20: four facts. The source is sealed under the key of `day`, which says no more than `start` does; `id` is the order
-- of writing. A sealed source is never the same twice, so one that comes again is the same record sent again.
CREATE TABLE IF NOT EXISTS calls (
	id BIGINT PRIMARY KEY,
	source BYTEA UNIQUE,
	day BIGINT NOT NULL,
	destination TEXT NOT NULL,
	start BIGINT NOT NULL,
	duration BIGINT NOT NULL
);

CREATE INDEX IF NOT EXISTS calls_start ON calls (start);

-- R23: another log, without destination numbers
CREATE TABLE IF NOT EXISTS events (
	id BIGINT PRIMARY KEY,
	wall BIGINT NOT NULL,
	proc BIGINT NOT NULL,
	kind BIGINT NOT NULL,
	severity BIGINT NOT NULL,
	phone BIGINT NOT NULL,
	person BIGINT NOT NULL,
	remote BYTEA,
	detail TEXT NOT NULL
);

CREATE INDEX IF NOT EXISTS events_wall ON events (wall);

CREATE TABLE IF NOT EXISTS readings (
	id BIGINT PRIMARY KEY,
	wall BIGINT NOT NULL,
	admin TEXT NOT NULL,
	from_wall BIGINT NOT NULL,
	to_wall BIGINT NOT NULL
);
