// What oidc-provider keeps, durably: one table of SQLite, every change on disk before it is answered
// (synchronous=FULL), each a transaction of its own, as its adapters for SQL databases do.
import { DatabaseSync } from 'node:sqlite';

const database = new DatabaseSync(process.env.DATABASE ?? 'peer.db');
database.exec(`
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS kept (
    name TEXT PRIMARY KEY, payload TEXT NOT NULL, grant_id TEXT, uid TEXT, ends INTEGER, used INTEGER
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS kept_grant ON kept (grant_id) WHERE grant_id IS NOT NULL;
  CREATE INDEX IF NOT EXISTS kept_uid ON kept (uid) WHERE uid IS NOT NULL;
`);
const put = database.prepare(`INSERT INTO kept (name, payload, grant_id, uid, ends) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (name) DO UPDATE SET payload = excluded.payload, grant_id = excluded.grant_id, uid = excluded.uid, ends = excluded.ends`);
const byName = database.prepare('SELECT payload, ends, used FROM kept WHERE name = ?');
const byUid = database.prepare('SELECT payload, ends, used FROM kept WHERE uid = ?');
const use = database.prepare('UPDATE kept SET used = ? WHERE name = ?');
const drop = database.prepare('DELETE FROM kept WHERE name = ?');
const dropGrant = database.prepare('DELETE FROM kept WHERE grant_id = ?');

const seconds = () => Math.floor(Date.now() / 1000);

function alive(row) {
  if (!row || (row.ends && row.ends < seconds())) return undefined;
  const payload = JSON.parse(row.payload);
  return row.used ? { ...payload, consumed: row.used } : payload;
}

// One for each kind of thing that is kept; the names of its methods are the library's.
export default class Store {
  constructor(kind) { this.kind = kind; }
  name(id) { return `${this.kind} ${id}`; }
  async upsert(id, payload, lifetime) {
    put.run(this.name(id), JSON.stringify(payload), payload.grantId ?? null, payload.uid ?? null, lifetime ? seconds() + lifetime : null);
  }
  async find(id) { return alive(byName.get(this.name(id))); }
  async findByUid(uid) { return alive(byUid.get(uid)); }
  async findByUserCode() { return undefined; }
  async consume(id) { use.run(seconds(), this.name(id)); }
  async destroy(id) { drop.run(this.name(id)); }
  async revokeByGrantId(grant) { dropGrant.run(grant); }
}
