import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** A worker thread that runs a TypeScript file of the tests, once it has sent its first message. */
export async function startThread(url: URL, workerData: object): Promise<Worker> {
  // tsx registers itself in the main thread alone when it is named in execArgv.
  const thread = new Worker(
    `import('tsx/esm/api').then(({ register }) => {
      register();
      return import(${JSON.stringify(url.href)});
    });`,
    { eval: true, workerData },
  );
  await once(thread, 'message');
  return thread;
}
