import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

/** How many claims passed, failed and were skipped when the suite ran under node:test. */
function runUnderNode(env: Record<string, string>): Record<string, number> {
  const file = fileURLToPath(new URL('./node-test-runner.ts', import.meta.url));
  const run = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--test', '--test-reporter=tap', file],
    { encoding: 'utf8', env: { ...process.env, ...env }, timeout: 50_000 },
  );
  const counts = run.stdout.matchAll(/^# (pass|fail|skipped) (\d+)$/gm);
  return Object.fromEntries([...counts].map(([, name, count]) => [name, Number(count)]));
}

describe('the published suite', () => {
  test('runs under node:test as it is, and shows what is skipped', () => {
    const { pass, fail, skipped } = runUnderNode({});
    expect(fail).toBe(0);
    expect(pass).toBeGreaterThan(80);
    expect(skipped).toBeGreaterThan(5);
  });

  test('fails for a cache that breaks its promises', () => {
    expect(runUnderNode({ FORGETFUL: '1' })['fail']).toBeGreaterThan(3);
  });
});
