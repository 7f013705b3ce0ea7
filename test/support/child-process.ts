import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A process that runs a TypeScript file of the tests and talks with its parent by messages. */
function forkFile(url: URL): ChildProcess {
  return fork(fileURLToPath(url), {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

/** Starts `count` processes, hands each its order once all are ready, and waits for all to end well. */
export async function runTogether(
  url: URL,
  count: number,
  orderFor: (index: number) => object,
): Promise<void> {
  const children = Array.from({ length: count }, () => forkFile(url));
  try {
    await Promise.all(
      children.map(async (child) => {
        const ready = once(child, 'message');
        const ended = once(child, 'exit').then(([code]) => {
          throw new Error(`A process of the test ended with ${code} before it was ready.`);
        });
        ended.catch(() => {});
        await Promise.race([ready, ended]);
      }),
    );
    const exits = children.map(async (child) => {
      const [code, signal] = await once(child, 'exit');
      if (code !== 0)
        throw new Error(`A process of the test ended with ${signal ?? `code ${code}`}.`);
    });
    const orders = children.map((_, index) => orderFor(index));
    for (const [index, child] of children.entries()) child.send(orders[index] as object);
    await Promise.all(exits);
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
}
