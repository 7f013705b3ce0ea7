import { test } from 'vitest';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { jobsInFile } from './job-rounds.ts';
import { runJobs, SECONDS } from './short-jobs.ts';

test(
  `four processes that are killed and stopped at random for ${SECONDS} s run no tick twice, and lose none silently`,
  async () => {
    using folder = TemporaryFolder.inMemory();
    await runJobs(jobsInFile(folder.file('a.db')));
  },
  (SECONDS + 120) * 1000,
);
