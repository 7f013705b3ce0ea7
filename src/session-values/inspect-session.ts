import { isAnyArrayBuffer, isDate, isMap, isRegExp, isSet, isTypedArray } from 'node:util/types';
import { InvalidSessionError, UnstorableValueError } from '../contract/errors/index.ts';
import type { Session } from '../contract/session.ts';
import { describeType, userKey } from '../contract/validate-arguments.ts';

/** How deep objects may stand in each other. Encoders and the freezing recurse; 500 is far from the stack's end. */
const MAX_DEPTH = 500;

/**
 * Looks through a session before it is kept, and tells whether JSON alone would keep it whole.
 *
 * Kept are: null, undefined, booleans, numbers, bigints, strings, plain objects and arrays, `Date`,
 * `Map`, `Set`, `RegExp`, `ArrayBuffer` and typed arrays, in any nesting, with cycles.
 *
 * @throws InvalidSessionError when it is no plain object, or has no `userId`.
 * @throws InvalidUserIdError when its `userId` is none.
 * @throws UnstorableValueError for anything else in it; it names the path.
 */
export function inspectSession(session: unknown): { userId: string; json: boolean } {
  if (typeof session !== 'object' || session === null || Array.isArray(session)) {
    throw new InvalidSessionError(
      `A session must be an object with a userId, but found ${describeType(session)}.`,
    );
  }
  const { userId } = session as Partial<Session>;
  if (userId === undefined || userId === null) {
    throw new InvalidSessionError(
      'A session must have a userId: the id of the user, not of the session row, ' +
        'so that invalidateByUser finds every session of that user.',
    );
  }
  if (!isPlainObject(session)) {
    throw new InvalidSessionError(
      'A session must be a plain object, but found an instance of a class: ' +
        'its methods would not come out again. Copy its data into a plain object.',
    );
  }
  const inspection = new Inspection();
  inspection.walk(session);
  return { userId: userKey(userId), json: inspection.json };
}

class Inspection {
  json = true;
  readonly #seen = new Set<object>();
  /** The steps to the value at hand. */
  readonly #path: PathStep[] = [];

  /** @throws UnstorableValueError */
  walk(value: unknown): void {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return;
      case 'number':
        if (!Number.isFinite(value) || Object.is(value, -0)) this.json = false;
        return;
      case 'undefined':
      case 'bigint':
        this.json = false;
        return;
      case 'object':
        if (value !== null) this.#walkObject(value);
        return;
      default:
        throw this.#unstorable(describeType(value));
    }
  }

  #walkObject(object: object): void {
    if (this.#seen.has(object)) {
      // JSON would go round a cycle for ever, and write a value as often as it is referred to.
      this.json = false;
      return;
    }
    this.#seen.add(object);
    if (this.#path.length > MAX_DEPTH) {
      throw this.#unstorable(`more than ${MAX_DEPTH} objects standing in each other`);
    }
    if (Array.isArray(object)) this.#walkArray(object);
    else if (isPlainObject(object)) this.#walkProperties(object);
    else this.#walkBuiltin(object);
  }

  #walkArray(array: readonly unknown[]): void {
    if (!isUnextended(array, 2))
      throw this.#unstorable('an instance of a class that extends Array');
    const keys = Object.keys(array);
    for (const key of keys) {
      const index = Number(key);
      if (String(index >>> 0) !== key) throw this.#unstorable('a named property of an array', key);
      this.#step(index, array[index]);
    }
    if (keys.length !== array.length) this.json = false;
  }

  #walkProperties(object: object): void {
    if (Object.getPrototypeOf(object) === null) this.json = false;
    for (const symbol of Object.getOwnPropertySymbols(object)) {
      throw this.#unstorable('a property named by a symbol', symbol);
    }
    for (const [key, value] of Object.entries(object)) {
      // An own "__proto__" turns into a prototype as soon as somebody merges the session into an object.
      if (key === '__proto__') throw this.#unstorable('a property named "__proto__"', key);
      this.#step(key, value);
    }
  }

  #walkBuiltin(object: object): void {
    this.json = false;
    if (isMap(object) && isUnextended(object, 2)) {
      for (const [key, value] of object) {
        this.#step({ call: 'keys()' }, key);
        this.#step({ call: `get(${typeof key === 'string' ? JSON.stringify(key) : '…'})` }, value);
      }
      return;
    }
    if (isSet(object) && isUnextended(object, 2)) {
      for (const value of object) this.#step({ call: 'values()' }, value);
      return;
    }
    const isLeaf =
      ((isDate(object) || isRegExp(object) || isAnyArrayBuffer(object)) &&
        isUnextended(object, 2)) ||
      (isTypedArray(object) && isUnextended(object, 3));
    if (!isLeaf) throw this.#unstorable(`an instance of ${className(object)}`);
  }

  #step(step: PathStep, value: unknown): void {
    this.#path.push(step);
    this.walk(value);
    this.#path.pop();
  }

  #unstorable(found: string, step?: PathStep): UnstorableValueError {
    const path = writePath(step === undefined ? this.#path : [...this.#path, step]);
    return new UnstorableValueError(
      path,
      `A session can keep plain data only, but found ${found} at ${path}. ` +
        'Leave it out, or keep what it is made of (a Buffer as a Uint8Array, a URL as its text).',
    );
  }
}

type PathStep = string | number | symbol | { readonly call: string };

function writePath(path: readonly PathStep[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    if (typeof step === 'symbol') return `${text}[${String(step)}]`;
    if (typeof step === 'object') return `${text}.${step.call}`;
    return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(step)
      ? `${text}.${step}`
      : `${text}[${JSON.stringify(step)}]`;
  }, 'session');
}

/** Also an object from another realm: a test runner may give each file its own `Object`. */
function isPlainObject(object: object): boolean {
  const prototype = Object.getPrototypeOf(object);
  return (
    prototype === null ||
    (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf'))
  );
}

/** Whether nothing stands between the object and its builtin class, whose chain has `length` prototypes. */
function isUnextended(object: object, length: number): boolean {
  let prototype = Object.getPrototypeOf(object);
  for (let count = 0; count < length; count++) {
    if (prototype === null) return false;
    prototype = Object.getPrototypeOf(prototype);
  }
  return prototype === null;
}

function className(object: object): string {
  const name: unknown = object.constructor?.name;
  return typeof name === 'string' && name !== '' ? name : 'a class';
}
