/**
 * A value, or a promise of it. A backend on this host answers at once; one across a network
 * answers with a promise. Code that is written against the contract `await`s either.
 */
export type Awaitable<T> = T | PromiseLike<T>;

/** Whether it is to be waited for. */
export function isThenable<T>(value: Awaitable<T>): value is PromiseLike<T> {
  return typeof (value as { readonly then?: unknown } | null | undefined)?.then === 'function';
}
