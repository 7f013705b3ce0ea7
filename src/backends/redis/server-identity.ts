import type { RedisServerClient } from './redis-client.ts';
import { isLasting } from './translate-error.ts';

/** Where a client leads to; `undefined` is what its user may not ask. */
export interface ServerIdentity {
  /** Another for each start of each server. */
  readonly run: string | undefined;
  /** `master` or `slave`. */
  readonly role: string | undefined;
  /** The number of the database. */
  readonly database: string | undefined;
}

/** All three are asked by one connection, or by none if the client refuses what it cannot write at once. */
export async function identityOf(client: RedisServerClient): Promise<ServerIdentity> {
  const [server, replication, connection] = await Promise.all([
    ask(client, 'INFO', 'server'),
    ask(client, 'INFO', 'replication'),
    ask(client, 'CLIENT', 'INFO'),
  ]);
  return {
    run: /^run_id:(\w+)/m.exec(server)?.[1],
    role: /^role:(\w+)/m.exec(replication)?.[1],
    database: /\bdb=(\d+)/.exec(connection)?.[1],
  };
}

/** Whether both are the same database of the same primary, as far as that is known. */
export function isOnePrimary(one: ServerIdentity, other: ServerIdentity): boolean {
  return (
    areEqual(one.run, other.run) &&
    areEqual(one.database, other.database) &&
    one.role !== 'slave' &&
    other.role !== 'slave'
  );
}

function areEqual(one: string | undefined, other: string | undefined): boolean {
  return one === undefined || other === undefined || one === other;
}

async function ask(client: RedisServerClient, ...command: string[]): Promise<string> {
  try {
    return String(await client.sendCommand(command, { timeout: 0, typeMapping: {} }));
  } catch (error) {
    if (isLasting(error)) return '';
    throw error;
  }
}
