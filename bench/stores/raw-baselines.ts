import type { AppSession, BatchRequest } from '../requests.ts';
import { type RawOptions, RawSqlite } from './raw-sqlite.ts';
import { bytesOfHash } from './session-table.ts';
import type { SessionStore } from './store.ts';

/** Nothing but the statements: hashes and payloads are made before the clock starts. */
export class StatementsAlone implements SessionStore {
  readonly #raw: RawSqlite;
  #hashes: Buffer[] = [];
  #userIds: string[] = [];
  #payloads: string[] = [];

  constructor(options: RawOptions) {
    this.#raw = new RawSqlite(options);
  }

  makeReady(requests: readonly BatchRequest[]): void {
    this.#hashes = requests.map((request) => bytesOfHash(request.token));
    this.#userIds = requests.map((request) => String(request.session.userId));
    this.#payloads = requests.map((request) => JSON.stringify(request.session));
  }

  get({ number }: BatchRequest) {
    return this.#raw.find(this.#hashes[number] as Buffer);
  }

  set({ number }: BatchRequest) {
    return this.#raw.put(
      this.#hashes[number] as Buffer,
      this.#userIds[number] as string,
      this.#payloads[number] as string,
    );
  }

  touch({ number }: BatchRequest) {
    return this.#raw.extend(this.#hashes[number] as Buffer);
  }

  invalidate({ number }: BatchRequest) {
    return this.#raw.delete(this.#hashes[number] as Buffer);
  }

  invalidateByUser({ session }: BatchRequest) {
    return this.#raw.deleteOfUser(String(session.userId));
  }

  close() {
    this.#raw.close();
  }
}

/** The statements, the same hash of the token, and JSON. */
export class StatementsAndCodec implements SessionStore {
  readonly #raw: RawSqlite;

  constructor(options: RawOptions) {
    this.#raw = new RawSqlite(options);
  }

  get({ token }: BatchRequest) {
    const row = this.#raw.find(bytesOfHash(token));
    return row !== undefined && row.expires_at > Date.now()
      ? (JSON.parse(row.payload) as AppSession)
      : null;
  }

  set({ token, session }: BatchRequest) {
    return this.#raw.put(bytesOfHash(token), String(session.userId), JSON.stringify(session));
  }

  touch({ token }: BatchRequest) {
    return this.#raw.extend(bytesOfHash(token));
  }

  invalidate({ token }: BatchRequest) {
    return this.#raw.delete(bytesOfHash(token));
  }

  invalidateByUser({ session }: BatchRequest) {
    return this.#raw.deleteOfUser(String(session.userId));
  }

  close() {
    this.#raw.close();
  }
}
