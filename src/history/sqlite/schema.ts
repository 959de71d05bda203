// The tables of the history's files: one file for each month that deliveries were accepted in, and one that knows them all.
import { countColumns, numberAt } from '../columns.ts';
import type { Database } from './database.ts';

/** Numbers of rows begin with the millisecond they were accepted at, so that every index ends in the order of time. */
export const ROWS_PER_MS = 65_536;

export const VERSION = 2;
/** What version 2 has more. */
const NEW_INDEXES = `
CREATE INDEX by_account ON deliveries (account);
CREATE INDEX by_domain ON deliveries (domain);
CREATE INDEX by_provider ON deliveries (provider) WHERE provider IS NOT NULL;
`;
const FTS = `content='', contentless_delete=1, detail=none, tokenize="unicode61 remove_diacritics 2"`;

const MONTH = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE deliveries (
  id INTEGER PRIMARY KEY, delivery TEXT NOT NULL, submission TEXT NOT NULL, account TEXT NOT NULL, user TEXT NOT NULL,
  at INTEGER NOT NULL, recipient TEXT NOT NULL COLLATE NOCASE, recipient_domain TEXT NOT NULL,
  sender TEXT NOT NULL COLLATE NOCASE, header_from TEXT COLLATE NOCASE, domain TEXT NOT NULL, subject TEXT, message_id TEXT,
  campaign TEXT, campaign_name TEXT, tags TEXT, metadata TEXT, size INTEGER,
  status TEXT NOT NULL, status_at INTEGER NOT NULL, class TEXT, category TEXT, reason TEXT, reply TEXT,
  transport TEXT, provider TEXT, site TEXT, attempts INTEGER NOT NULL, ms INTEGER,
  opens INTEGER NOT NULL, human_opens INTEGER NOT NULL, first_open_at INTEGER, clicks INTEGER NOT NULL,
  human_clicks INTEGER NOT NULL, unsubscribed INTEGER NOT NULL, complained INTEGER NOT NULL,
  accepted INTEGER NOT NULL, left_before INTEGER NOT NULL
);
CREATE UNIQUE INDEX by_delivery ON deliveries (delivery);
CREATE INDEX by_message ON deliveries (message_id);
CREATE INDEX by_recipient ON deliveries (recipient);
CREATE INDEX by_recipient_domain ON deliveries (recipient_domain);
CREATE INDEX by_sender ON deliveries (sender);
CREATE INDEX by_from ON deliveries (header_from) WHERE header_from IS NOT NULL;
CREATE INDEX by_campaign ON deliveries (campaign) WHERE campaign IS NOT NULL;
CREATE INDEX by_status ON deliveries (status);
CREATE INDEX by_user ON deliveries (user);
CREATE INDEX by_transport ON deliveries (transport) WHERE transport IS NOT NULL;
${NEW_INDEXES}
CREATE TABLE tags (tag TEXT NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (tag, id)) WITHOUT ROWID;
CREATE VIRTUAL TABLE subjects USING fts5 (words, ${FTS});
CREATE VIRTUAL TABLE replies USING fts5 (words, ${FTS});
CREATE VIRTUAL TABLE recipients USING fts5 (words, ${FTS});
-- An event's place is in a chunk of many, which are compressed together; "name" is its id without that of the delivery.
CREATE TABLE events (
  id INTEGER NOT NULL, name TEXT NOT NULL, human INTEGER NOT NULL, chunk INTEGER NOT NULL, line INTEGER NOT NULL,
  PRIMARY KEY (id, name)
) WITHOUT ROWID;
CREATE TABLE chunks (chunk INTEGER PRIMARY KEY, newest INTEGER NOT NULL, stripped INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE series (
  id INTEGER PRIMARY KEY, set_name TEXT NOT NULL, kind TEXT NOT NULL, account TEXT NOT NULL, user TEXT NOT NULL,
  domain TEXT NOT NULL, campaign TEXT NOT NULL, provider TEXT NOT NULL, transport TEXT NOT NULL, key TEXT NOT NULL,
  UNIQUE (set_name, kind, account, user, domain, campaign, provider, transport, key)
);
-- "interval": 0 minutes, 1 hours, 2 days; "at": its number since 1970; "times": how long deliveries took.
CREATE TABLE counts (
  interval INTEGER NOT NULL, series INTEGER NOT NULL, at INTEGER NOT NULL,
  ${countColumns.map((name) => `${name} INTEGER NOT NULL`).join(', ')}, times BLOB,
  PRIMARY KEY (interval, series, at)
) WITHOUT ROWID;
CREATE TABLE names (account TEXT NOT NULL, campaign TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (account, campaign)) WITHOUT ROWID;
PRAGMA user_version = ${VERSION};
`;

const MAIN = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
PRAGMA user_version = ${VERSION};
`;

/** Of which version a file's tables are; 0: it has none yet. */
export function versionOf(database: Database): number {
  return numberAt(database.prepare('PRAGMA user_version').get() ?? {}, 'user_version') ?? 0;
}

/** Makes the tables where there are none. Throws for a file of a version that is not ours. */
export function makeTables(database: Database, kind: 'month' | 'main'): void {
  const version = versionOf(database);
  if (version === VERSION) return;
  if (version === 1) {
    database.exec(
      `BEGIN IMMEDIATE; ${kind === 'month' ? NEW_INDEXES : ''} PRAGMA user_version = ${VERSION}; COMMIT;`,
    );
    return;
  }
  if (version !== 0)
    throw new Error(`The history is of version ${version}, and this Postino knows ${VERSION}.`);
  database.exec(`BEGIN IMMEDIATE; ${kind === 'month' ? MONTH : MAIN} COMMIT;`);
}
