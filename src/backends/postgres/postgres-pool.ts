/**
 * What is needed of a pool of `pg`: a `Pool` of it fits as it is. It is the app's, which makes it, listens to its `error` event and ends it.
 */
export interface PostgresPool {
  connect(): Promise<PostgresClient>;
  /** What the pool was made with; looked at for settings without which a call could wait for ever. */
  readonly options?:
    | {
        readonly max?: number | undefined;
        readonly connectionTimeoutMillis?: number | undefined;
      }
    | undefined;
}

/** What is needed of a connection that a pool hands out. */
export interface PostgresClient {
  query(query: PostgresQuery): Promise<PostgresResult>;
  query(text: string): Promise<PostgresResult | PostgresResult[]>;
  on(event: 'notification', listener: (notice: PostgresNotice) => void): unknown;
  on(event: 'error' | 'end', listener: (error: Error) => void): unknown;
  removeListener(event: 'notification', listener: (notice: PostgresNotice) => void): unknown;
  removeListener(event: 'error' | 'end', listener: (error: Error) => void): unknown;
  /** With an error, the connection is closed and leaves the pool. */
  release(error?: Error | boolean): void;
}

export interface PostgresQuery {
  /** Under which it is prepared once per connection; not prepared without. */
  readonly name?: string;
  readonly text: string;
  readonly values?: unknown[];
  /** What turns the server's text into values, in place of what the app has set for its own queries. */
  readonly types?: { getTypeParser(oid: number, format?: string): (text: string) => unknown };
}

export interface PostgresResult {
  readonly command: string;
  readonly rowCount: number | null;
  readonly rows: unknown[];
}

export interface PostgresNotice {
  readonly channel: string;
  readonly payload?: string | undefined;
}
