import path from 'node:path';
import SqliteConnection from 'better-sqlite3';
import { openDatabase } from 'onehost';
import { compareSamples } from '../compare.ts';
import { createSchema } from '../stores/session-table.ts';
import { tune } from '../stores/tune.ts';
import type { Group, Sampler } from '../turns.ts';
import type { Scene } from './scene.ts';
import { sessionCount } from './session-count.ts';

const OPENED_PER_SAMPLE = 20;

interface Closable {
  close(): unknown;
}

export const open: Scene = {
  name: 'open',
  title: 'Open',
  about:
    'The time until openDatabase has given the database, in a process that has opened others before; nobody else ' +
    'has the file open. A new file gets its schema; of one that is there it is checked. Raw: new Database; the ' +
    'same pragmas; the schema, if the file is new; the first read.',
  of: 'the time of one open',
  unit: 'nanoseconds',
  seconds: { full: 30, quick: 6 },
  async run(context) {
    const { stage, progress, quick } = context;
    const newFile = () => path.join(stage.folder(), 'new.db');
    const samplers = openers({ label: 'a new file', position: 0 }, newFile);
    const leftOut: string[] = [];
    const group = sessionCount(quick ? 100_000 : 1_000_000);
    const obstacle = stage.files.obstacle(group.position);
    if (obstacle === null) {
      const file = await stage.files.withSessions(group.position, progress);
      samplers.push(...openers(group, () => file));
    } else leftOut.push(obstacle);
    return { rows: await compareSamples(context, samplers), leftOut };
  },
};

function openers(group: Group, file: () => string): Sampler[] {
  return [
    {
      name: 'onehost openDatabase',
      note: 'all of its checks included',
      group,
      sample: () => timeOpening(file, (path) => openDatabase(path)),
    },
    {
      name: 'raw: better-sqlite3',
      note: 'no checks',
      group,
      sample: () => timeOpening(file, openRaw),
    },
  ];
}

/** Closing is not part of it. */
async function timeOpening(
  file: () => string,
  open: (path: string) => Closable | Promise<Closable>,
): Promise<number> {
  let nanoseconds = 0n;
  for (let n = 0; n < OPENED_PER_SAMPLE; n++) {
    const path = file();
    const begin = process.hrtime.bigint();
    const opened = await open(path);
    nanoseconds += process.hrtime.bigint() - begin;
    await opened.close();
  }
  return Number(nanoseconds) / OPENED_PER_SAMPLE;
}

function openRaw(path: string): Closable {
  const connection = tune(new SqliteConnection(path), 'process-crash');
  createSchema(connection);
  connection.prepare('select 1 from onehost_sessions').get();
  return connection;
}
