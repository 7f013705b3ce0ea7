import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Pipe } from '../support/pipe.ts';
import type { TemporaryFolder } from '../support/temporary-folder.ts';
import { startThread } from '../support/worker-thread.ts';
import { type CommitterOrder, END } from './commit-order.ts';

const program = new URL('./committer.ts', import.meta.url);

/** One that commits what it is told to: another process, or another thread of this one. */
export interface Committer extends Disposable {
  readonly token: string;
  readonly told: Pipe;
  readonly done: Pipe;
  end(): Promise<void>;
  /** Ends it wherever it is. A thread cannot be ended so. */
  kill(): Promise<void>;
}

export type StartCommitter = (folder: TemporaryFolder, token: string) => Promise<Committer>;

let pipes = 0;

export const startCommitterProcess: StartCommitter = (folder, token) =>
  start(folder, token, async (order) => {
    const child: ChildProcess = fork(fileURLToPath(program), { execArgv: ['--import', 'tsx'] });
    const exit = once(child, 'exit');
    await once(child, 'message');
    child.send(order);
    await once(child, 'message');
    return { exit, kill: () => child.kill('SIGKILL') };
  });

export const startCommitterThread: StartCommitter = (folder, token) =>
  start(folder, token, async (order) => {
    const exit = once(await startThread(program, order), 'exit');
    const kill = () => {
      throw new Error('A thread cannot be killed.');
    };
    return { exit, kill };
  });

async function start(
  folder: TemporaryFolder,
  token: string,
  run: (order: CommitterOrder) => Promise<{ exit: Promise<unknown>; kill(): void }>,
): Promise<Committer> {
  const pipe = (name: string) => folder.file(`${name}-${token}-${pipes++}`);
  const order = { database: folder.file('a.db'), token, told: pipe('told'), done: pipe('done') };
  const [told, done] = [new Pipe(order.told, true), new Pipe(order.done, true)];
  const { exit, kill } = await run(order);
  return {
    token,
    told,
    done,
    end: async () => {
      told.send(END);
      await exit;
    },
    kill: async () => {
      kill();
      await exit;
    },
    [Symbol.dispose]: () => {
      told[Symbol.dispose]();
      done[Symbol.dispose]();
    },
  };
}
