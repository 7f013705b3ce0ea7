import { describe, expect, test } from 'vitest';
import { alreadyRunning } from '../../src/guards/running-instance.ts';
import type { HolderEvidence, Instance, LeaseSummary } from '../../src/index.ts';

const NOW = Date.UTC(2026, 0, 2);
const us: Instance = {
  id: 'ours',
  processId: 99,
  host: 'web-1',
  appVersion: '2.1',
  startedAt: new Date(NOW),
};
const them: Instance = { ...us, id: 'theirs', processId: 4711, appVersion: '2.0' };

function message({
  evidence = 'renewed' as HolderEvidence,
  holder = them as Instance | null,
  waitSeconds = 10,
  durationSeconds = 6,
  heartbeatAge = 1.25,
}): string {
  const running: LeaseSummary = {
    name: 'single-instance',
    holder,
    fencingToken: 7,
    reason: 'first',
    durationSeconds,
    acquiredAt: new Date(NOW - 86_400_000),
    lastHeartbeatAt: new Date(NOW - heartbeatAge * 1000),
    evidence,
  };
  const newcomer = { name: 'single-instance', waitSeconds, instance: us, now: NOW };
  const error = alreadyRunning(running, newcomer);
  expect(error.running).toBe(running);
  return error.message;
}

describe('the refusal names', () => {
  test('the process, its host and version, since when it runs, and its last heartbeat', () => {
    expect(message({})).toContain(
      'process 4711 on web-1 (app version 2.0) since 2026-01-01T00:00:00.000Z, ' +
        'last heartbeat 2026-01-01T23:59:58.750Z (1.3 s ago)',
    );
    expect(message({ holder: { ...them, appVersion: null } })).toContain('(app version unknown)');
  });

  test('the claim, and how long it was waited for', () => {
    expect(message({})).toContain('could not claim "single-instance" within 10 s (waitSeconds)');
    expect(message({ waitSeconds: 0 })).toContain('without a wait (waitSeconds)');
  });

  test('no heartbeat of the future, when the clock was set back', () => {
    expect(message({ heartbeatAge: -60 })).toContain('(0.0 s ago)');
  });
});

describe('evidence and remedy', () => {
  test('it renewed: stop it, or wait until it has left', () => {
    const text = message({});
    expect(text).toContain('its last heartbeat is not older than the 6 s that its claim lasts');
    expect(text).toContain('Stop it (kill 4711 on this host) or wait until it has left');
    expect(text).not.toContain('kill -9');
  });

  test('it renewed, but before the machine went down as it seems: its claim must be watched for longer', () => {
    const text = message({ heartbeatAge: 3600, waitSeconds: 0 });
    expect(text).toContain('It may have ended with the machine');
    expect(text).toContain('See that process 4711 does not run on this host, and start this one');
    expect(text).toContain('with waitSeconds of more than 6.');
    expect(text).not.toContain('believed alive');
  });

  test('its process is there, stopped or busy: end it by a signal that a stopped process obeys', () => {
    const text = message({ evidence: 'process-lives', heartbeatAge: 9 });
    expect(text).toContain('for more than 6 s, but its process is there, stopped or too busy');
    expect(text).toContain('kill -9 4711 on this host');
  });

  test('it is overdue: end it if it runs', () => {
    const text = message({ evidence: 'overdue', heartbeatAge: 9 });
    expect(text).toContain('Nothing is known of its process');
    expect(text).toContain('for more than 6 s');
    expect(text).toContain('If it runs, end it, stopped or not (kill -9 4711');
  });

  test('its process has ended: there is nothing to stop', () => {
    const text = message({ evidence: 'process-gone' });
    expect(text).toContain('Its process has ended');
    expect(text).toMatch(/There is nothing to stop: start this one again\.$/);
    expect(text).not.toContain('kill');
  });

  test('a wait that was not longer than the claim lasts is to be longer', () => {
    for (const evidence of ['process-gone', 'overdue', 'process-lives'] as const) {
      for (const waitSeconds of [0, 30]) {
        const text = message({ evidence, waitSeconds, durationSeconds: 30 });
        expect(text).toContain('with waitSeconds of more than 30');
      }
      const text = message({ evidence, waitSeconds: 31, durationSeconds: 30 });
      expect(text).toMatch(/start this one again\.$/);
    }
  });

  test('it runs on a host of another name: it may be a container', () => {
    const holder = { ...them, host: '3fa9c0' };
    expect(message({ holder })).toContain(
      'kill 4711 on 3fa9c0 (if that is a container, stop the container)',
    );
  });

  test('it is the very instance that asks: nobody is to be stopped', () => {
    const text = message({ holder: us });
    expect(text).toContain('call claimSingleInstance once in a process');
    expect(text).not.toContain('kill');
  });

  test.each<HolderEvidence>(['renewed', 'process-lives', 'overdue'])(
    'it has our process id and host, and is another instance: we are not to be killed (%s)',
    (evidence) => {
      const holder = { ...them, processId: us.processId };
      const text = message({ holder, evidence });
      expect(text).toContain('It is this very process (another copy of the module, as after a hot');
      expect(text).toContain('or a container with the same host name and process id');
      expect(text).toMatch(/start this one again\.$/);
      expect(text).not.toContain('kill');
      expect(message({ holder: { ...holder, host: 'web-2' }, evidence })).toContain('kill');
      expect(message({ holder, evidence: 'process-gone' })).toContain('There is nothing to stop');
    },
  );

  test('nobody has it any more: start again', () => {
    const text = message({ holder: null, evidence: 'none' });
    expect(text).toContain('has left just now. Start this one again.');
    const newcomer = { name: 'single-instance', waitSeconds: 10, instance: us, now: NOW };
    const error = alreadyRunning(null, newcomer);
    expect(error.message).toContain('was faster');
    expect(error.running).toBe(null);
  });
});
