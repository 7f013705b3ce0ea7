import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { NearSessions } from '../../../src/backends/redis/near-sessions.ts';
import type { TrackingClient } from '../../../src/backends/redis/tracking-connection.ts';
import { ManualClock } from '../../../src/testing/index.ts';

// What a socket brings in one piece is given out in its order, but a promise that it resolves goes on only after all of it.

const signal = new AbortController().signal;
/** What the server's clock shows in {@link Wire}, in milliseconds. */
const NOW = 1_000_000;

function entryUntil(expiresAt: number): string {
  const times = [0, 0, expiresAt].map((time) => String(time).padStart(16, '0'));
  return `${'g'.repeat(16)}${'u'.repeat(43)}${times.join('')}{"userId":7}`;
}

/** A connection whose answers come when the test says so. */
class Wire extends EventEmitter implements TrackingClient {
  readonly isReady = true;
  entry = entryUntil(NOW + 3600e3);
  #answers: ((answer: unknown) => void)[] = [];

  duplicate(): TrackingClient {
    return this;
  }

  async connect() {}

  unref() {}

  destroy() {}

  sendCommand([name]: string[]): Promise<unknown> {
    if (name === 'TIME') return Promise.resolve([String(NOW / 1000), '0']);
    if (name !== 'MGET') return Promise.resolve('');
    return new Promise((resolve) => this.#answers.push(resolve));
  }

  answer(): void {
    for (const resolve of this.#answers.splice(0)) resolve(['g'.repeat(16), this.entry]);
  }
}

async function open() {
  const wire = new Wire();
  const clock = new ManualClock();
  const near = new NearSessions<unknown>(wire, { prefix: '{a}:', clock, entries: 10 });
  wire.emit('ready');
  await new Promise((resolve) => setImmediate(resolve));
  expect(near.canKeep()).toBe(true);
  return { wire, near, clock };
}

test('what was read is kept', async () => {
  const { wire, near } = await open();
  const reading = near.read('hash', signal);
  wire.answer();
  expect((await reading)?.read()).toEqual({ userId: 7 });
  expect(near.find('hash')?.read()).toEqual({ userId: 7 });
});

test('what was read is not given once it may have expired on the server, whatever the clock here shows', async () => {
  const { wire, near, clock } = await open();
  wire.entry = entryUntil(NOW + 900);
  const reading = near.read('hash', signal);
  wire.answer();
  await reading;
  expect(near.find('hash')?.read()).toEqual({ userId: 7 });
  clock.stall(0.95);
  expect(near.canKeep()).toBe(true);
  expect(near.find('hash')).toBeNull();
});

const news: Record<string, (wire: Wire) => void> = {
  'its key has changed': (wire) => wire.emit('invalidate', '{a}:s:hash'),
  'its key, as bytes, has changed': (wire) => wire.emit('invalidate', Buffer.from('{a}:s:hash')),
  'the generation has changed': (wire) => wire.emit('invalidate', '{a}:generation'),
  'everything has changed': (wire) => wire.emit('invalidate', null),
  'the connection was lost': (wire) => wire.emit('error', new Error('lost')),
};

for (const [name, tell] of Object.entries(news)) {
  test(`it is not when, in the same breath, ${name}`, async () => {
    const { wire, near } = await open();
    const reading = near.read('hash', signal);
    wire.answer();
    tell(wire);
    expect((await reading)?.read()).toEqual({ userId: 7 });
    wire.emit('ready');
    await new Promise((resolve) => setImmediate(resolve));
    expect(near.canKeep()).toBe(true);
    expect(near.find('hash')).toBeNull();
  });
}

test('news of another key is nothing to it', async () => {
  const { wire, near } = await open();
  const reading = near.read('hash', signal);
  wire.answer();
  wire.emit('invalidate', '{a}:s:another');
  await reading;
  expect(near.find('hash')?.read()).toEqual({ userId: 7 });
});

for (const [name, drop] of Object.entries({
  'the session': (near: NearSessions<unknown>) => near.drop('hash'),
  'its user’s': (near: NearSessions<unknown>) => near.dropOf('u'.repeat(43)),
})) {
  test(`a change by this process of ${name} overtakes what is being read`, async () => {
    const { wire, near } = await open();
    const reading = near.read('hash', signal);
    drop(near);
    wire.answer();
    await reading;
    expect(near.find('hash')).toBeNull();
  });
}
