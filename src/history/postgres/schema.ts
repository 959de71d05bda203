// The tables of the history in PostgreSQL, as steps from one version to the next.
import { countColumns } from '../columns.ts';

/** All that is ours is in there; other things may live in the same database. */
export const SCHEMA = 'postino';

/** Types of the columns of a delivery that are no text. */
export const numberColumns: ReadonlyMap<string, 'bigint' | 'integer' | 'smallint'> = new Map([
  ['at', 'bigint'],
  ['size', 'bigint'],
  ['accepted', 'smallint'],
  ['status_at', 'bigint'],
  ['attempts', 'integer'],
  ['ms', 'bigint'],
  ['opens', 'integer'],
  ['human_opens', 'integer'],
  ['first_open_at', 'bigint'],
  ['clicks', 'integer'],
  ['human_clicks', 'integer'],
  ['unsubscribed', 'smallint'],
  ['complained', 'smallint'],
  ['left_before', 'smallint'],
]);

// Text compares by its bytes, whatever the database's language is: so an index serves a prefix too, and lower() knows ASCII.
const TEXT = 'text COLLATE "C"';

const FIRST = `
CREATE TABLE postino.days (
  day bigint PRIMARY KEY, deliveries bigint NOT NULL, conversation_at bigint, visitor_at bigint
);
-- "made": when it was accepted, as its id tells; it never changes.
CREATE TABLE postino.deliveries (
  made bigint NOT NULL, delivery ${TEXT} NOT NULL, submission ${TEXT} NOT NULL, account ${TEXT} NOT NULL,
  "user" ${TEXT} NOT NULL, at bigint NOT NULL, recipient ${TEXT} NOT NULL, recipient_domain ${TEXT} NOT NULL,
  sender ${TEXT} NOT NULL, header_from ${TEXT}, domain ${TEXT} NOT NULL, subject ${TEXT}, message_id ${TEXT},
  campaign ${TEXT}, campaign_name ${TEXT}, tags ${TEXT}, metadata ${TEXT}, size bigint,
  status ${TEXT} NOT NULL, status_at bigint NOT NULL, class ${TEXT}, category ${TEXT}, reason ${TEXT}, reply ${TEXT},
  transport ${TEXT}, provider ${TEXT}, site ${TEXT}, attempts integer NOT NULL, ms bigint,
  opens integer NOT NULL, human_opens integer NOT NULL, first_open_at bigint, clicks integer NOT NULL,
  human_clicks integer NOT NULL, unsubscribed smallint NOT NULL, complained smallint NOT NULL,
  accepted smallint NOT NULL, left_before smallint NOT NULL, words tsvector NOT NULL,
  PRIMARY KEY (made, delivery)
) PARTITION BY RANGE (made);
CREATE INDEX ON postino.deliveries (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX ON postino.deliveries (lower(recipient));
CREATE INDEX ON postino.deliveries (recipient_domain, made);
CREATE INDEX ON postino.deliveries (lower(sender));
CREATE INDEX ON postino.deliveries (lower(header_from)) WHERE header_from IS NOT NULL;
CREATE INDEX ON postino.deliveries (campaign, made) WHERE campaign IS NOT NULL;
CREATE INDEX ON postino.deliveries (status, made) WHERE status <> 'delivered';
CREATE INDEX ON postino.deliveries ("user", made);
CREATE INDEX ON postino.deliveries (transport, made) WHERE transport IS NOT NULL;
CREATE INDEX ON postino.deliveries USING gin (words);
-- "name": the event's id without that of the delivery; "place": the order they were told in.
CREATE SEQUENCE postino.places;
CREATE TABLE postino.events (
  made bigint NOT NULL, delivery ${TEXT} NOT NULL, name ${TEXT} NOT NULL, place bigint NOT NULL, at bigint NOT NULL,
  human boolean NOT NULL, body ${TEXT} NOT NULL, conversation ${TEXT}, visitor ${TEXT},
  PRIMARY KEY (made, delivery, name)
) PARTITION BY RANGE (made);
ALTER TABLE postino.events ALTER body SET STORAGE MAIN, ALTER conversation SET STORAGE MAIN;
-- "id" is a hash of the rest; "since": the month it was first counted in.
CREATE TABLE postino.series (
  id bigint PRIMARY KEY, set_name ${TEXT} NOT NULL, kind ${TEXT} NOT NULL, account ${TEXT} NOT NULL,
  "user" ${TEXT} NOT NULL, domain ${TEXT} NOT NULL, campaign ${TEXT} NOT NULL, provider ${TEXT} NOT NULL,
  transport ${TEXT} NOT NULL, key ${TEXT} NOT NULL, since integer NOT NULL
);
CREATE INDEX ON postino.series (set_name, kind, account);
-- "interval": 0 minutes, 1 hours, 2 days; "at": its number since 1970; "times": how long deliveries took.
CREATE TABLE postino.counts (
  series bigint NOT NULL, interval smallint NOT NULL, at bigint NOT NULL,
  ${countColumns.map((name) => `${name} integer NOT NULL`).join(', ')}, times bytea,
  PRIMARY KEY (series, interval, at)
) WITH (fillfactor = 70);
CREATE INDEX ON postino.counts (interval, at);
CREATE TABLE postino.names (
  account ${TEXT} NOT NULL, campaign ${TEXT} NOT NULL, month integer NOT NULL, name ${TEXT} NOT NULL,
  PRIMARY KEY (account, campaign, month)
);
`;

// With the series both indexes find one row: which one the server takes, by what it knows of the table or does not, is all the same.
const SECOND = `
DROP INDEX postino.counts_interval_at_idx;
CREATE INDEX ON postino.counts (interval, at, series);
`;

/** What makes version n + 1 of version n. Never changed once it was published: a new one is added. */
export const migrations: readonly string[] = [FIRST, SECOND];

/** Of these tables. A newer program says in "needs" of which version one must be at least to write them. */
export const VERSION = migrations.length;

/** What must be the first of all; any version can read it. */
export const META = `
CREATE SCHEMA IF NOT EXISTS postino;
CREATE TABLE IF NOT EXISTS postino.meta (name text PRIMARY KEY, value text NOT NULL);
INSERT INTO postino.meta (name, value) VALUES ('version', '0'), ('needs', '0'), ('cursor', ''), ('series', '0')
  ON CONFLICT DO NOTHING;
`;
