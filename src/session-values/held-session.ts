import { decodeSession } from './encode-session.ts';
import { freezeDeep } from './freeze-deep.ts';

/**
 * A session in this process's memory, given out so that no reader can change what another one gets:
 * plain data is one frozen object for all (a field access), anything else is decoded anew for each
 * reader (2-6 us for 250-400 bytes, docs/decisions/0002-session-codec.md).
 */
export class HeldSession<S> {
  readonly #shared: S | undefined;
  readonly #payload: string;

  /** @throws UnreadableEntryError */
  constructor(payload: string) {
    this.#shared = decodeSession(payload, (session: S) =>
      freezeDeep(session) ? session : undefined,
    );
    this.#payload = this.#shared === undefined ? payload : '';
  }

  read(): S {
    return this.#shared ?? decodeSession(this.#payload, (session: S) => session);
  }
}
