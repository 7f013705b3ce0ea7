import { ServerUnsuitableError } from '../../contract/errors/index.ts';
import type { SendCommand } from './redis-client.ts';
import { Script } from './script.ts';

/** By a script, since a Cluster sends INFO alone to a server of its choice. Where a user may not ask, it is not known, and the docs say what must hold. */
const askInfo = new Script(`
local info = redis.pcall('INFO')
return type(info) == 'string' and info or ''
`);

/**
 * Whether the server can keep what is promised: it is Redis 6.2 or later (or Valkey), no replica, and does not evict. A replica gives what was ended on its primary. An evicted mark would let a session that was
 * revoked while it was being loaded be kept, an evicted index would hide sessions from a logout, an evicted lease would give a
 * fencing token again.
 *
 * @throws ServerUnsuitableError
 */
export async function checkServer(
  send: SendCommand,
  prefix: string,
  signal: AbortSignal,
): Promise<void> {
  const info = String(await askInfo.run(send, prefix, [], signal));
  const read = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
  const version = read('redis_version');
  if (version !== undefined && isOld(version)) {
    throw new ServerUnsuitableError(
      `onehost needs Redis 6.2 or later, but found ${version}. Update the server.`,
    );
  }
  if (read('role') === 'slave') {
    // As Redis says it of a write, since it may be over soon.
    throw new Error('READONLY This is a replica, and onehost asks the primary alone');
  }
  const policy = read('maxmemory_policy');
  if (Number(read('maxmemory') ?? 0) > 0 && policy !== 'noeviction') {
    throw new ServerUnsuitableError(
      `onehost needs a Redis that evicts nothing, but found maxmemory-policy ${policy}: an evicted key can bring a revoked session back. ` +
        'Set maxmemory-policy to noeviction, or use a server of its own.',
    );
  }
}

function isOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < 6 || (major === 6 && minor < 2);
}
