import { Hono } from 'hono';
import type { SessionBackends } from 'onehost';
import { JOBS_LEASE } from './background-jobs.ts';
import type { LoginStatistics } from './login-statistics.ts';

const SHOWN = 100;

export interface JobRouteParts {
  readonly backends: Pick<SessionBackends, 'leases' | 'ledger'>;
  readonly statistics: LoginStatistics;
  readonly worker: number;
}

/** What an operator wants to know of the jobs, as JSON. Every worker can tell, whichever runs them. */
export function createJobRoutes({ backends, statistics, worker }: JobRouteParts): Hono {
  const { leases, ledger } = backends;
  const routes = new Hono();

  routes.get('/', async (c) => {
    const lease = (await leases.list()).find(({ name }) => name === JOBS_LEASE);
    const owner = lease?.holder && {
      processId: lease.holder.processId,
      since: lease.acquiredAt,
      reason: lease.reason,
      fencingToken: lease.fencingToken,
      lastHeartbeatAt: lease.lastHeartbeatAt,
      evidence: lease.evidence,
    };
    return c.json({
      answeredBy: { worker, processId: process.pid },
      owner: owner ?? null,
      seesProcessEnd: leases.capabilities.seesProcessEnd,
      jobs: await ledger.jobs(),
    });
  });

  routes.get('/statistics', (c) => c.json(statistics.latest(SHOWN)));

  routes.get('/:name/runs', async (c) => {
    const name = c.req.param('name');
    const isKnown = (await ledger.jobs()).some((job) => job.name === name);
    if (!isKnown) return c.json({ error: 'There is no such job.' }, 404);
    return c.json(await ledger.runs(name, { limit: SHOWN }));
  });

  return routes;
}
