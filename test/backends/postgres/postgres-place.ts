import { setImmediate as nextTurn } from 'node:timers/promises';
import type pg from 'pg';
import { type OnehostPostgres, openPostgres } from '../../../src/postgres.ts';
import { ManualClock } from '../../../src/testing/index.ts';
import type { PostgresServer } from '../../support/postgres-server.ts';

/** Of the longest time that passes at once: a call that is made meanwhile is answered before its deadline. */
const STEP_SECONDS = 1;

let places = 0;

/**
 * A schema of its own on a real server, whose one function that reads the server's clock reads a table instead. So time passes when a
 * test says so, exactly, and on the server as in the processes.
 */
export class PostgresPlace implements AsyncDisposable {
  readonly schema: string = `place_${++places}`;
  readonly clock: ManualClock = new ManualClock();
  readonly #server: PostgresServer;
  readonly #opened: { readonly postgres: OnehostPostgres; readonly pool: pg.Pool }[] = [];
  #admin: pg.Pool;
  #wallOffset = 0;

  private constructor(server: PostgresServer) {
    this.#server = server;
    this.#admin = server.pool({ max: 3 });
  }

  static async on(server: PostgresServer): Promise<PostgresPlace> {
    const place = new PostgresPlace(server);
    const { schema } = place;
    await openPostgres(place.#admin, { schema });
    await place.#admin.query(`
      create table ${schema}.test_clock (now_ms bigint not null);
      insert into ${schema}.test_clock values (${place.clock.now()});
      create or replace function ${schema}.now_ms() returns bigint language sql volatile
      as $$ select now_ms from ${schema}.test_clock $$;
      create table ${schema}.counter (n integer not null);
      insert into ${schema}.counter values (0)`);
    return place;
  }

  /** As another process opens it: with connections of its own. */
  async open(): Promise<OnehostPostgres> {
    const pool = this.#server.pool({ max: 5 });
    const { schema, clock } = this;
    // How a notice comes in between is shown by a test of its own, in real time.
    const postgres = await openPostgres(pool, { schema, clock, listen: false });
    this.#opened.push({ postgres, pool });
    return postgres;
  }

  async advance(seconds: number): Promise<void> {
    await this.#quiet();
    for (let left = seconds; left >= 0; left -= STEP_SECONDS) {
      const step = Math.min(STEP_SECONDS, left);
      await this.#setServerTo(step);
      this.clock.advance(step);
      await this.#quiet();
    }
  }

  async stall(seconds: number): Promise<void> {
    await this.#quiet();
    await this.#setServerTo(seconds);
    this.clock.stall(seconds);
  }

  async setWallClockBy(seconds: number): Promise<void> {
    this.clock.setWallClockBy(seconds);
    this.#wallOffset += seconds * 1000;
    await this.#setServerTo(0);
  }

  async count(): Promise<number> {
    const { rows } = await this.#admin.query(`select n from ${this.schema}.counter`);
    return rows[0].n;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { postgres, pool } of this.#opened) {
      await postgres.close();
      await pool.end();
    }
    await this.#admin.query(`drop schema ${this.schema} cascade`);
    await this.#admin.end();
  }

  async #setServerTo(secondsFromNow: number): Promise<void> {
    const now = Math.floor(this.clock.monotonic() + secondsFromNow * 1000 + this.#wallOffset);
    await this.#admin.query(`update ${this.schema}.test_clock set now_ms = ${now}`);
  }

  /** Until no connection is in use, and nothing that was answered has asked anew. */
  async #quiet(): Promise<void> {
    for (let quietTurns = 0; quietTurns < 5; quietTurns++) {
      await nextTurn();
      if (
        this.#opened.some(({ pool }) => pool.totalCount > pool.idleCount || pool.waitingCount > 0)
      ) {
        quietTurns = -1;
      }
    }
  }
}
