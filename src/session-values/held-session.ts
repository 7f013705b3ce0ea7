import { decodeSession, isJson } from './encode-session.ts';
import { freezeDeep, freezeParsed } from './freeze-deep.ts';

/**
 * A session in this process's memory, given out so that no reader can change what another one gets:
 * plain data is one frozen object for all (a field access), anything else is decoded anew for each
 * reader (2-6 us for 250-400 bytes, docs/decisions/0002-session-codec.md).
 */
export class HeldSession<S> {
  readonly #shared: S | undefined;
  readonly #payload: string;
  /** What was decoded to see whether it can be shared; the first reader gets it. */
  #unread: S | undefined;

  /** @throws UnreadableEntryError */
  constructor(payload: string) {
    let isFrozen = isJson(payload);
    const session = decodeSession(payload, (each: S & object) => {
      if (isFrozen) freezeParsed(each);
      else isFrozen = freezeDeep(each);
      return each;
    });
    this.#shared = isFrozen ? session : undefined;
    this.#unread = isFrozen ? undefined : session;
    this.#payload = isFrozen ? '' : payload;
  }

  /** The one object for all readers; `undefined` where each reader gets one of its own. */
  get shared(): S | undefined {
    return this.#shared;
  }

  read(): S {
    return this.#shared ?? this.#decode();
  }

  #decode(): S {
    const session = this.#unread ?? decodeSession(this.#payload, (each: S) => each);
    this.#unread = undefined;
    return session;
  }
}
