import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { sinceBoot } from '../../src/contract/clock.ts';
import { readMonotonicOffset } from '../../src/contract/time-namespace.ts';
import { systemClock } from '../../src/index.ts';

const source = new URL('../../src/index.ts', import.meta.url).href;
const tsx = fileURLToPath(import.meta.resolve('tsx'));

function runAndPrint(program: string): string {
  const text = `import { systemClock } from '${source}'; ${program}`;
  return execFileSync(process.execPath, ['--import', tsx, '--input-type=module', '-e', text], {
    encoding: 'utf8',
  });
}

describe('systemClock', () => {
  test.skipIf(process.platform !== 'linux')(
    'counts monotonic time from the boot, alike in all processes',
    () => {
      const before = systemClock.monotonic();
      const theirs = Number(runAndPrint('console.log(systemClock.monotonic())'));
      expect(theirs).toBeGreaterThan(before);
      expect(theirs).toBeLessThan(systemClock.monotonic());
    },
  );

  test.skipIf(process.platform !== 'linux')(
    'is exact from the start, however busy the machine is',
    () => {
      const program = `
        const readings = Array.from({ length: 20 }, () => {
          const before = Number(process.hrtime.bigint()) / 1e6;
          const ours = systemClock.monotonic();
          const after = Number(process.hrtime.bigint()) / 1e6;
          return { width: after - before, error: Math.max(before - ours, ours - after, 0) };
        });
        console.log(readings.sort((a, b) => a.width - b.width)[0].error);`;
      for (let start = 0; start < 5; start++) {
        expect(Number(runAndPrint(program))).toBeLessThan(0.1);
      }
    },
  );

  test('takes the offset of a time namespace off', () => {
    expect(sinceBoot(0) - sinceBoot(172_800_500)).toBeCloseTo(172_800_500, 0);
  });

  test('calls back after the time, unless it is called off', async () => {
    const calls: string[] = [];
    const cancel = systemClock.after(5, () => calls.push('called off'));
    cancel();
    await new Promise<void>((resolve) =>
      systemClock.after(20, resolve, { keepsProcessAlive: true }),
    );
    expect(calls).toEqual([]);
    cancel();
  });

  test('does not call back at once for a time beyond what Node’s timers can wait', async () => {
    let called = false;
    const cancel = systemClock.after(2 ** 31 + 1000, () => {
      called = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    cancel();
    expect(called).toBe(false);
  });

  test('lets the process end, unless it is asked not to', () => {
    const program = (milliseconds: number, options: string) =>
      `systemClock.after(${milliseconds}, () => console.log('called'), ${options})`;
    expect(runAndPrint(program(20_000, '{}'))).toBe('');
    expect(runAndPrint(program(300, '{ keepsProcessAlive: true }'))).toBe('called\n');
  });
});

describe('the offset of a time namespace', () => {
  test('is that of its monotonic clock', () => {
    const text = 'monotonic      172800         500000000\nboottime       604800         0\n';
    expect(readMonotonicOffset(() => text)).toBe(172_800_500);
    expect(readMonotonicOffset(() => 'monotonic  -5 250000000\nboottime 0 0\n')).toBe(-4750);
    expect(readMonotonicOffset(() => '1 7 0\n7 9 0\n')).toBe(7000);
  });

  test('is nothing where there are none', () => {
    expect(readMonotonicOffset(() => 'monotonic  0  0\nboottime  0  0\n')).toBe(0);
    expect(readMonotonicOffset(() => '')).toBe(0);
    expect(
      readMonotonicOffset(() => {
        throw new Error('ENOENT');
      }),
    ).toBe(0);
  });
});
