import { describe, expect, test } from 'vitest';
import { ChangeFeed, type ChangeListener } from '../../../src/backends/sqlite/change-feed.ts';
import type { Change, LoggedChange, Position } from '../../../src/backends/sqlite/change-log.ts';
import type { ChangeWatch } from '../../../src/backends/sqlite/change-watch.ts';

const token = (byte: number): Change => ({ tokenHash: Buffer.alloc(32, byte) });
const hex = (byte: number) => Buffer.alloc(32, byte).toString('hex');

/** A file as the feed sees it: a log, and a version that rises with each commit of others. */
class FakeFile implements Pick<ChangeWatch, 'hasChanged' | 'acknowledge'> {
  readonly rows: LoggedChange[] = [{ position: { seq: 1, mark: 1 } }];
  #lastMark = 1;
  failing = false;
  /** Something that happens between the look at the watch and the reading of the tail. */
  meanwhile: (() => void) | undefined;
  #version = 1;
  #seen = 1;
  #acknowledged = 1;

  commitByOther(change?: Change): void {
    if (change !== undefined) this.#log(change);
    this.#version++;
  }

  commitByUs(change: Change): Position {
    this.#log(change);
    return this.position();
  }

  #log(change: Change): void {
    const position = { seq: this.position().seq + 1, mark: ++this.#lastMark };
    this.rows.push({ ...change, position });
  }

  hasChanged(): boolean {
    this.#seen = this.#version;
    this.meanwhile?.();
    this.meanwhile = undefined;
    return this.#seen !== this.#acknowledged;
  }

  acknowledge(): void {
    this.#acknowledged = this.#seen;
  }

  position(): Position {
    return this.rows.at(-1)?.position ?? { seq: 0, mark: 0 };
  }

  after({ seq, mark }: Position, limit: number): readonly LoggedChange[] | null {
    if (this.failing) throw new Error('disk I/O error');
    const tail = this.rows.filter(({ position }) => position.seq > seq);
    const isThere = this.rows.some(
      ({ position }) => position.seq === seq && position.mark === mark,
    );
    return isThere && tail.length <= limit ? tail : null;
  }
}

function listen(feed: ChangeFeed): string[] {
  const told: string[] = [];
  const listener: ChangeListener = {
    tokenChanged: (tokenHash) => told.push(tokenHash),
    userChanged: (userId) => told.push(userId),
    everythingChanged: () => told.push('everything'),
  };
  feed.subscribe(listener);
  return told;
}

describe('the change feed', () => {
  test('tells what others changed, once', () => {
    const file = new FakeFile();
    const feed = new ChangeFeed(file, file);
    const told = listen(feed);
    expect(feed.catchUp()).toBe(false);
    file.commitByOther(token(1));
    file.commitByOther({ userId: 'ada' });
    file.commitByOther({});
    expect(feed.catchUp()).toBe(true);
    expect(told).toEqual([hex(1), 'ada', 'everything']);
    expect(feed.catchUp()).toBe(false);
    expect(told).toHaveLength(3);
  });

  test('a commit of others that changed nothing of interest tells nothing', () => {
    const file = new FakeFile();
    const feed = new ChangeFeed(file, file);
    const told = listen(feed);
    file.commitByOther();
    expect(feed.catchUp()).toBe(true);
    expect(told).toEqual([]);
  });

  test('reads the tail again if reading it failed', () => {
    const file = new FakeFile();
    const feed = new ChangeFeed(file, file);
    const told = listen(feed);
    file.commitByOther(token(1));
    file.failing = true;
    expect(() => feed.catchUp()).toThrow('disk I/O error');
    expect(() => feed.catchUp()).toThrow('disk I/O error');
    file.failing = false;
    expect(feed.catchUp()).toBe(true);
    expect(told).toEqual([hex(1)]);
  });

  test('a commit between the look and the reading is told now or next time, not never', () => {
    const file = new FakeFile();
    const feed = new ChangeFeed(file, file);
    const told = listen(feed);
    file.meanwhile = () => file.commitByOther(token(1));
    feed.catchUp();
    feed.catchUp();
    expect(told).toEqual([hex(1)]);
    file.commitByOther(token(2));
    file.meanwhile = () => file.commitByOther(token(3));
    feed.catchUp();
    feed.catchUp();
    expect(told).toEqual([hex(1), hex(2), hex(3)]);
  });

  test('drops everything when the log was trimmed past what it had read', () => {
    const file = new FakeFile();
    const feed = new ChangeFeed(file, file);
    const told = listen(feed);
    file.commitByOther(token(1));
    file.commitByOther(token(2));
    file.rows.splice(0, 2);
    expect(feed.catchUp()).toBe(true);
    expect(told).toEqual(['everything']);
    file.commitByOther(token(3));
    feed.catchUp();
    expect(told).toEqual(['everything', hex(3)]);
  });

  test('drops everything when the file was put back to an earlier state', () => {
    const file = new FakeFile();
    for (let byte = 1; byte <= 5; byte++) file.commitByOther(token(byte));
    const feed = new ChangeFeed(file, file);
    const told = listen(feed);
    file.rows.splice(3);
    file.commitByOther();
    feed.catchUp();
    expect(told).toEqual(['everything']);
  });

  test('drops everything when more has changed than is worth reading', () => {
    const file = new FakeFile();
    const feed = new ChangeFeed(file, file);
    const told = listen(feed);
    for (let count = 0; count < 1025; count++) file.commitByOther(token(count % 256));
    feed.catchUp();
    expect(told).toEqual(['everything']);
  });

  test('tells own changes at once, and does not read them again when none came between', () => {
    const file = new FakeFile();
    const feed = new ChangeFeed(file, file);
    const told = listen(feed);
    feed.applyOwn(token(1), file.commitByUs(token(1)));
    file.commitByOther(token(2));
    feed.catchUp();
    expect(told).toEqual([hex(1), hex(2)]);
  });

  test('an own change never hides one of others that came before it', () => {
    const file = new FakeFile();
    const feed = new ChangeFeed(file, file);
    const told = listen(feed);
    file.commitByOther(token(1));
    feed.applyOwn(token(2), file.commitByUs(token(2)));
    feed.catchUp();
    expect(told).toEqual([hex(2), hex(1), hex(2)]);
  });

  test('who has unsubscribed is told nothing', () => {
    const file = new FakeFile();
    const feed = new ChangeFeed(file, file);
    const told: string[] = [];
    const listener: ChangeListener = {
      tokenChanged: (tokenHash) => told.push(tokenHash),
      userChanged: () => {},
      everythingChanged: () => {},
    };
    feed.subscribe(listener);
    feed.unsubscribe(listener);
    file.commitByOther(token(1));
    feed.catchUp();
    expect(told).toEqual([]);
  });
});
