import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

test('the demo shows the problem, and that it is gone', () => {
  const demo = spawnSync('npm', ['run', '--silent', 'demo'], {
    cwd: fileURLToPath(new URL('../../', import.meta.url)),
    encoding: 'utf8',
    timeout: 120_000,
    env: { ...process.env, NO_COLOR: '1' },
  });
  expect(demo.stdout).toContain('three of four workers do not know it');
  expect(demo.stdout).toContain('every worker refuses the very next request');
  expect(demo.stdout).toMatch(/All \d scenes went as they should/);
  expect(demo.status, demo.stderr).toBe(0);
}, 130_000);
