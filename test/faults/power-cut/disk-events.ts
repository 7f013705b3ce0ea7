import { execFileSync } from 'node:child_process';
import { createReadStream } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

/** What a process did to the files of one folder, or said, in the order in which the system calls returned. */
export type DiskEvent =
  | { readonly does: 'create' | 'remove' | 'sync'; readonly file: string }
  | { readonly does: 'sync-folder' }
  | { readonly does: 'write'; readonly file: string; readonly at: number; readonly bytes: Buffer }
  | { readonly does: 'truncate'; readonly file: string; readonly size: number }
  | { readonly does: 'say'; readonly line: string };

const CALLS = 'openat,write,pwrite64,ftruncate,fsync,fdatasync,unlink,unlinkat,rename,fallocate';

/**
 * Runs `node` with these arguments and records what it does to the files in `folder`, which is empty, and what it writes to its
 * standard output.
 *
 * @throws Error for a call that changes a file in a way that is not understood: a record with a gap would prove nothing.
 */
export async function record(
  folder: string,
  traceFile: string,
  args: readonly string[],
): Promise<DiskEvent[]> {
  execFileSync(
    'strace',
    // All bytes of each write, in hex.
    ['-f', '-y', '-xx', '-s', '1000000', '--seccomp-bpf', '-e', `trace=${CALLS}`].concat(
      ['-o', traceFile, process.execPath],
      args,
    ),
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const reader = new TraceReader(folder);
  for await (const line of createInterface({ input: createReadStream(traceFile) })) {
    reader.read(line);
  }
  return reader.events;
}

class TraceReader {
  readonly events: DiskEvent[] = [];
  readonly #folder: string;
  readonly #folderInHex: string;
  readonly #there = new Set<string>();
  /** By thread, the beginning of a call that another one was written in the middle of. */
  readonly #begun = new Map<string, string>();

  constructor(folder: string) {
    this.#folder = folder;
    this.#folderInHex = inHex(folder);
  }

  read(line: string): void {
    const [, thread = '', text = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (text.endsWith('<unfinished ...>')) {
      this.#begun.set(thread, text.slice(0, -'<unfinished ...>'.length));
      return;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(text);
    const call = resumed === null ? text : (this.#begun.get(thread) ?? '') + resumed[1];
    if (/\) += -1 /.test(call)) return;
    if (call.startsWith('write(1<')) this.#said(call);
    else if (call.includes(this.#folderInHex)) this.#did(call);
  }

  #said(call: string): void {
    const bytes = fromHex(/>, "([^"]*)"/.exec(call)?.[1] ?? '');
    for (const line of bytes.toString('utf8').split('\n')) {
      if (line !== '') this.events.push({ does: 'say', line });
    }
  }

  #did(call: string): void {
    const name = call.slice(0, call.indexOf('('));
    if (name === 'openat') this.#opened(call);
    else if (name === 'unlink' || name === 'unlinkat') this.#removed(call);
    else this.#changed(name, call);
  }

  #removed(call: string): void {
    const file = this.#fileOf(/"([^"]*)"/.exec(call)?.[1]);
    this.#there.delete(file);
    this.events.push({ does: 'remove', file });
  }

  #changed(name: string, call: string): void {
    const file = this.#fileOf(/^\w+\(\d+<([^>]*)>/.exec(call)?.[1]);
    if (name === 'fsync' || name === 'fdatasync') {
      this.events.push(file === '' ? { does: 'sync-folder' } : { does: 'sync', file });
      return;
    }
    // Of a call in which its process was killed no result is known: it counts as done, which is as good as not while it is not synced.
    const [, text = '', length, at] =
      /^pwrite64\(\d+<[^>]*>, "([^"]*)", (\d+), (\d+) *\) += (?:\d+|\?)/.exec(call) ?? [];
    const size = /^ftruncate\(\d+<[^>]*>, (\d+)\)/.exec(call)?.[1];
    if (length !== undefined) {
      const bytes = fromHex(text);
      if (bytes.length !== Number(length)) throw new Error(`A write was cut short: ${name}`);
      this.events.push({ does: 'write', file, at: Number(at), bytes });
    } else if (size !== undefined) {
      this.events.push({ does: 'truncate', file, size: Number(size) });
    } else {
      throw new Error(`Not understood: ${call.slice(-300)}`);
    }
  }

  #opened(call: string): void {
    const file = this.#fileOf(/, "([^"]*)"/.exec(call)?.[1]);
    if (call.includes('O_TRUNC') && !call.includes('O_EXCL'))
      throw new Error(`Not understood: ${call}`);
    if (!call.includes('O_CREAT') || this.#there.has(file)) return;
    this.#there.add(file);
    this.events.push({ does: 'create', file });
  }

  /** By its name in the folder; empty for the folder itself. */
  #fileOf(pathInHex: string | undefined): string {
    return path.relative(this.#folder, fromHex(pathInHex ?? '').toString('utf8'));
  }
}

function inHex(text: string): string {
  return [...Buffer.from(text)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}

function fromHex(text: string): Buffer {
  return Buffer.from(text.replaceAll('\\x', ''), 'hex');
}
