-- SPDX-License-Identifier: ISC
-- The directory, the call log, the events, who read the log, and what people have set and spent. One file for SQLite and PostgreSQL, so only what both
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

-- R20: four facts. The source is sealed under the key of `day`, which says no more than `start` does; `id` is the number
-- that core gave the record when the call ended, by which a record that is sent again is known. Numbers rise.
CREATE TABLE IF NOT EXISTS calls (
	id BIGINT PRIMARY KEY,
	source BYTEA,
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

-- A ring group is a number of its own, which no person has.
CREATE TABLE IF NOT EXISTS ring_groups (
	id BIGINT PRIMARY KEY,
	name TEXT NOT NULL UNIQUE,
	display TEXT NOT NULL
);

-- What a person (0), a phone (1), a ring group (2) or the site (3, id 0) has set; the kinds stand in lib/ipc/setting.def.
CREATE TABLE IF NOT EXISTS settings (
	owner BIGINT NOT NULL CHECK (owner BETWEEN 0 AND 3),
	id BIGINT NOT NULL CHECK (id BETWEEN 0 AND 4294967295),
	kind TEXT NOT NULL CHECK (LENGTH(kind) <= 32),
	value TEXT NOT NULL,
	PRIMARY KEY (owner, id, kind)
);

-- R17: what an extension (0), a phone (1), a trunk (2) or the site (3) has spent on its last day, as lib/plan/ceiling.h writes it
CREATE TABLE IF NOT EXISTS spent (
	scope BIGINT NOT NULL CHECK (scope BETWEEN 0 AND 3),
	id BIGINT NOT NULL CHECK (id BETWEEN 0 AND 4294967295),
	day BIGINT NOT NULL,
	counters TEXT NOT NULL,
	PRIMARY KEY (scope, id)
);

-- R16: a record of safety, with a retention of its own
CREATE TABLE IF NOT EXISTS notices (
	id BIGINT PRIMARY KEY,
	wall BIGINT NOT NULL,
	phone BIGINT NOT NULL,
	person BIGINT NOT NULL,
	kind BIGINT NOT NULL,
	number TEXT NOT NULL,
	location TEXT NOT NULL,
	taken BIGINT NOT NULL,
	taken_by TEXT NOT NULL,
	UNIQUE (wall, phone, kind)
);

-- Voicemail. state: 0 being recorded, 1 new, 2 heard. Pieces are sealed under a key that keeper has. Neither is in a backup.
CREATE TABLE IF NOT EXISTS messages (
	id BIGINT PRIMARY KEY,
	person BIGINT NOT NULL,
	wall BIGINT NOT NULL,
	length BIGINT NOT NULL,
	state BIGINT NOT NULL CHECK (state BETWEEN 0 AND 2)
);

CREATE TABLE IF NOT EXISTS message_pieces (
	message BIGINT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
	at BIGINT NOT NULL,
	octets BYTEA,
	PRIMARY KEY (message, at)
);
