import { InvalidOptionError } from '../../contract/errors/index.ts';
import { describeType } from '../../contract/validate-arguments.ts';

/** What one command is sent with. */
interface SendOptions {
  readonly abortSignal?: AbortSignal | undefined;
  readonly timeout?: number | undefined;
  readonly typeMapping?: object | undefined;
}

/** A client of one server, or a pool of such: `createClient()`, `createClientPool()`. */
export interface RedisServerClient {
  readonly isReady?: boolean;
  /** Rises with each connection that a client makes; a pool has none. */
  readonly socketEpoch?: number;
  sendCommand(command: string[], options?: SendOptions): Promise<unknown>;
}

/** A client that Sentinels tell which server is the primary: `createSentinel()`. */
interface RedisSentinelClient {
  getMasterNode(): unknown;
  sendCommand(
    isReadonly: boolean | undefined,
    command: string[],
    options?: SendOptions,
  ): Promise<unknown>;
}

/** A client of a Cluster: `createCluster()`. */
interface RedisClusterClient {
  nodeClient(node: never): unknown;
  sendCommand(
    firstKey: string | undefined,
    isReadonly: boolean | undefined,
    command: string[],
    options?: SendOptions,
  ): Promise<unknown>;
}

/** What is asked of a client of the package `redis`, 6 or later. */
export type RedisClient = RedisServerClient | RedisSentinelClient | RedisClusterClient;

/** Sends a command that concerns `key` to the primary; it is not sent any more once `signal` has aborted. */
export type SendCommand = (key: string, command: string[], signal: AbortSignal) => Promise<unknown>;

/**
 * Which of its connections a client has now, or `null` while it has none. Always 0 where that is not told: of a pool, a Sentinel and a Cluster, which have several.
 */
export function connectionOf(client: RedisClient): number | null {
  if (!('socketEpoch' in client) || client.socketEpoch === undefined) return 0;
  return client.isReady === true ? client.socketEpoch : null;
}

/** Whether the client sends a command again by itself when the connection broke after it had been sent. It may have been carried out. */
export function repeatsCommands(client: RedisClient): boolean {
  return 'getMasterNode' in client;
}

/** Replies come as strings, whatever the app's own commands get; the deadline is ours. */
const AS_STRINGS = Object.freeze({});

/**
 * One way to send for every kind of client. None of them reads from a replica: what was invalidated may still be there.
 *
 * @throws InvalidOptionError
 */
export function sendBy(of: string, client: RedisClient): SendCommand {
  const found: unknown = client;
  if (typeof found !== 'object' || found === null || !('sendCommand' in found)) {
    throw new InvalidOptionError(
      `${of} needs a client of the package "redis" as createClient() makes it, but found ` +
        `${found instanceof Promise ? 'a promise (await connect())' : describeType(found)}.`,
    );
  }
  // The client's own timeout, which is a signal and a timer more for each command, is left out.
  const options = (abortSignal: AbortSignal) => ({
    abortSignal,
    timeout: 0,
    typeMapping: AS_STRINGS,
  });
  if ('nodeClient' in client) {
    return (key, command, signal) => client.sendCommand(key, false, command, options(signal));
  }
  if ('getMasterNode' in client) {
    return (_, command, signal) => client.sendCommand(false, command, options(signal));
  }
  return (_, command, signal) => client.sendCommand(command, options(signal));
}
