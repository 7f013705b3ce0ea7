import type { DatabaseSessionCacheOptions, OpenDatabaseOptions } from '../../../src/index.ts';
import type { Workload } from './random-operations.ts';

/** What a process with sessions is started with. */
export interface SessionOrder extends Workload {
  /** No other process has it, nor had. */
  readonly name: string;
  readonly database: string;
  readonly appStore: string;
  /** Times are nanoseconds since this one of the monotonic clock. */
  readonly origin: string;
  readonly settings: SessionSettings;
}

/** What may be different in each process. */
export type SessionSettings = Pick<OpenDatabaseOptions, 'changeWatch' | 'changeLogEntries'> &
  DatabaseSessionCacheOptions & {
    /** In shared memory, in the folder of the file; `false` by default. */
    readonly sharedMemory?: boolean;
    /** The address of the server that keeps the sessions in place of the file, Redis or PostgreSQL. */
    readonly server?: string;
  };

/** What it is told: to do so many operations and write them down there, or to close the file and end. */
export type SessionRequest =
  | { readonly type: 'round'; readonly file: string; readonly operations: number }
  | { readonly type: 'leave' };

export interface SessionReport {
  readonly type: 'ready' | 'done';
}

/** By the clock that the processes share. */
export function nanosecondsSince(origin: string): () => number {
  const start = BigInt(origin);
  return () => Number(process.hrtime.bigint() - start);
}
