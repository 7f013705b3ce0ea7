// A primary of node:cluster that checks its deployment before and after it forks its workers, each of which does the same.
// What came of it all goes to whoever forked the primary.
import cluster from 'node:cluster';
import { once } from 'node:events';
import { checkDeployment } from '../../src/guards/check-deployment.ts';
import { InMemorySessionCache, isOnehostError, NoOpSessionCache } from '../../src/index.ts';

export interface ClusterOrder {
  readonly workers: number;
  /** One that reaches this process alone, or one that reaches further. */
  readonly cache: 'memory' | 'shared';
}

/** What each check gave: `passes`, or the code of the error. */
export interface ClusterReport {
  readonly before: string;
  readonly after: string;
  readonly workers: readonly string[];
}

const [order] = process.argv.slice(2).map((text): ClusterOrder => JSON.parse(text));
if (order === undefined) throw new Error('Started by check-deployment.test.ts.');
process.on('disconnect', () => process.exit());

if (cluster.isWorker) process.send?.(check(order));
else process.send?.(await reportOn(order));

async function reportOn({ workers, cache }: ClusterOrder): Promise<ClusterReport> {
  const before = check({ workers, cache });
  const forked = Array.from({ length: workers }, () => cluster.fork());
  const after = check({ workers, cache });
  const answers = forked.map(async (worker): Promise<string> => (await once(worker, 'message'))[0]);
  return { before, after, workers: await Promise.all(answers) };
}

function check({ cache }: ClusterOrder): string {
  try {
    checkDeployment({
      cache: cache === 'memory' ? new InMemorySessionCache() : new NoOpSessionCache(),
      workersVariable: 'APP_WORKERS',
    });
    return 'passes';
  } catch (error) {
    return isOnehostError(error) ? error.code : String(error);
  }
}
