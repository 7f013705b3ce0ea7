/**
 * A value, or a promise of it. A backend on this host answers at once; one across a network
 * answers with a promise. Code that is written against the contract `await`s either.
 */
export type Awaitable<T> = T | PromiseLike<T>;
