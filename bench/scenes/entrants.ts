import path from 'node:path';
import type { DatabaseSessionCacheOptions } from 'onehost';
import type { Stage } from '../stage.ts';
import { DatabaseSubject } from '../stores/onehost.ts';
import { StatementsAlone, StatementsAndCodec } from '../stores/raw-baselines.ts';
import {
  type Durability,
  METHODS,
  type Method,
  type Peer,
  type SessionStore,
} from '../stores/store.ts';
import type { Group } from '../turns.ts';

export const ONEHOST = 'onehost DatabaseSessionCache';
export const STATEMENTS_ALONE = 'raw: the statements alone';
export const STATEMENTS_AND_CODEC = 'raw: statements, hash and JSON';

/** A store that takes part in a scene. */
export interface Entrant<Store extends SessionStore = SessionStore> {
  readonly name: string;
  readonly note: string;
  readonly store: Store;
  readonly answersAtOnce: readonly Method[];
  readonly group?: Group;
  /** Those that bounds compare; see `Contestant.paired`. */
  readonly paired?: boolean;
}

/** @param file one that is there and must not be written to; a new one of its own if left out. */
export async function enterOnehost(
  stage: Stage,
  note: string,
  options: DatabaseSessionCacheOptions = {},
  file = path.join(stage.folder(), 'onehost.db'),
): Promise<Entrant<DatabaseSubject>> {
  const store = stage.closing(await DatabaseSubject.open(file, options));
  return { name: ONEHOST, note, store, answersAtOnce: METHODS, paired: true };
}

/** What better-sqlite3 itself takes, on the same schema. */
export function enterRaw(stage: Stage, durability: Durability = 'process-crash', file?: string) {
  const options = () => ({ file: file ?? path.join(stage.folder(), 'raw.db'), durability });
  const common = { answersAtOnce: METHODS, paired: true };
  const alone: Entrant<StatementsAlone> = {
    ...common,
    name: STATEMENTS_ALONE,
    note: 'hash and payload made before',
    store: stage.closing(new StatementsAlone(options())),
  };
  const withCodec: Entrant<StatementsAndCodec> = {
    ...common,
    name: STATEMENTS_AND_CODEC,
    note: 'what an app would write by hand',
    store: stage.closing(new StatementsAndCodec(options())),
  };
  return { alone, withCodec };
}

/** The peers that `accept` takes. */
export async function enterPeers(
  stage: Stage,
  accept: (peer: Peer) => boolean = () => true,
  durability: Durability = 'process-crash',
): Promise<Entrant[]> {
  const entrants: Entrant[] = [];
  for (const peer of stage.peers.filter(accept)) {
    const { name, note, answersAtOnce } = peer;
    entrants.push({ name, note, answersAtOnce, store: await stage.open(peer, durability) });
  }
  return entrants;
}
