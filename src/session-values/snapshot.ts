import { isArrayBuffer, isDate, isMap, isRegExp, isSet, isTypedArray } from 'node:util/types';
import { UnstorableValueError } from '../contract/errors/index.ts';
import { shownKey } from '../contract/shown-key.ts';
import { describeType } from '../contract/validate-arguments.ts';
import {
  isPlainObject,
  isUnextended,
  kindOfBuiltin,
  kindOfTypedArray,
  nameOfClass,
  type TypedArray,
} from './kinds-of-objects.ts';
import { type PathStep, writePath } from './value-path.ts';

/** How deep objects may stand in each other. Encoders and the freezing recurse; 500 is far from the stack's end. */
const MAX_DEPTH = 500;

/** Copies one value, and remembers where it is and what it has met. */
export class Snapshot {
  /** Whether JSON keeps whole all that was copied so far. */
  json = true;
  readonly #copies = new Map<object, object>();
  /** The steps to the value at hand. */
  readonly #path: PathStep[] = [];

  /** @throws UnstorableValueError */
  of(value: unknown): unknown {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value;
      case 'number':
        if (!Number.isFinite(value) || Object.is(value, -0)) this.json = false;
        return value;
      case 'undefined':
      case 'bigint':
        this.json = false;
        return value;
      case 'object':
        return value === null ? null : this.#ofObject(value);
      default:
        throw this.#unstorable(describeType(value));
    }
  }

  #ofObject(object: object): object {
    const known = this.#copies.get(object);
    if (known !== undefined) {
      // JSON would go round a cycle for ever, and write a value as often as it is referred to.
      this.json = false;
      return known;
    }
    if (this.#path.length > MAX_DEPTH) {
      throw this.#unstorable(`more than ${MAX_DEPTH} objects standing in each other`);
    }
    if (Array.isArray(object)) return this.#ofArray(object);
    return isPlainObject(object) ? this.#ofProperties(object) : this.#ofBuiltin(object);
  }

  #ofProperties(object: object): object {
    const isBare = Object.getPrototypeOf(object) === null;
    if (isBare) this.json = false;
    const copy: Record<string, unknown> = isBare ? Object.create(null) : {};
    this.#copies.set(object, copy);
    const keys = Object.keys(object);
    this.#refuseOtherKeys(object, keys.length);
    for (const key of keys) {
      // An own "__proto__" turns into a prototype as soon as somebody merges the session into an object.
      if (key === '__proto__') throw this.#unstorable('a property named "__proto__"', key);
      copy[key] = this.#part(key, object);
    }
    return copy;
  }

  #ofArray(array: readonly unknown[]): unknown[] {
    if (!isUnextended(array, 'Array'))
      throw this.#unstorable('an instance of a class that extends Array');
    const copy = new Array<unknown>(array.length);
    this.#copies.set(array, copy);
    const keys = Object.keys(array);
    // Besides the elements an array has its length.
    this.#refuseOtherKeys(array, keys.length + 1);
    // The indexes come before all other keys, in their order.
    const last = keys.at(-1);
    if (last !== undefined && !isIndex(last, copy.length)) {
      const named = keys.find((key) => !isIndex(key, copy.length));
      throw this.#unstorable('a named property of an array', named);
    }
    for (const key of keys) {
      const index = Number(key);
      copy[index] = this.#part(index, array);
    }
    if (keys.length !== copy.length) this.json = false;
    return copy;
  }

  #ofBuiltin(object: object): object {
    this.json = false;
    if (isTypedArray(object) && isUnextended(object, kindOfTypedArray(object) ?? '', 3)) {
      this.#refuseOtherKeys(object, object.length);
      return this.#ofBytes(object, object.buffer, () => object.slice());
    }
    const kind = kindOfBuiltin(object);
    if (kind === null || !isUnextended(object, kind)) {
      throw this.#unstorable(`an instance of ${nameOfClass(object)}`);
    }
    // Every regular expression has a lastIndex of its own.
    this.#refuseOtherKeys(object, isRegExp(object) ? 1 : 0);
    if (isMap(object)) return this.#ofMap(object);
    if (isSet(object)) return this.#ofSet(object);
    if (isDate(object)) return this.#remember(object, new Date(object.getTime()));
    if (isRegExp(object)) return this.#ofRegExp(object);
    const buffer = object as ArrayBuffer;
    return this.#ofBytes(buffer, buffer, () => buffer.slice(0));
  }

  #ofRegExp(expression: RegExp): RegExp {
    if (expression.lastIndex !== 0) {
      throw this.#unstorable('a regular expression in the middle of a search', 'lastIndex');
    }
    return this.#remember(expression, new RegExp(expression.source, expression.flags));
  }

  #ofMap(map: ReadonlyMap<unknown, unknown>): Map<unknown, unknown> {
    const copy = this.#remember(map, new Map<unknown, unknown>());
    for (const [key, value] of map) {
      const step = {
        call: `get(${typeof key === 'string' ? JSON.stringify(shownKey(key)) : '…'})`,
      };
      copy.set(this.#step({ call: 'keys()' }, key), this.#step(step, value));
    }
    return copy;
  }

  #ofSet(set: ReadonlySet<unknown>): Set<unknown> {
    const copy = this.#remember(set, new Set<unknown>());
    for (const value of set) copy.add(this.#step({ call: 'values()' }, value));
    return copy;
  }

  /**
   * The bytes that can be seen, and no others: a view may stand on a larger buffer, such as the one that
   * Node's small Buffers share, and that holds whatever else the process has handled.
   */
  #ofBytes(object: object, buffer: ArrayBufferLike, copy: () => ArrayBuffer | TypedArray): object {
    if (!isArrayBuffer(buffer)) throw this.#unstorable('memory that is shared with other threads');
    try {
      return this.#remember(object, copy());
    } catch {
      throw this.#unstorable('a buffer that was handed to another thread');
    }
  }

  #remember<T extends object>(object: object, copy: T): T {
    this.#copies.set(object, copy);
    return copy;
  }

  /** Symbols, hidden properties, and properties that somebody gave to a builtin would be lost. */
  #refuseOtherKeys(object: object, expected: number): void {
    const keys = Reflect.ownKeys(object);
    if (keys.length === expected) return;
    const isHidden = (key: string | symbol) =>
      !Object.prototype.propertyIsEnumerable.call(object, key) &&
      !(Array.isArray(object) && key === 'length');
    const other = keys.find((key) => typeof key === 'symbol') ?? keys.find(isHidden) ?? keys.at(-1);
    throw this.#unstorable(
      typeof other === 'symbol' ? 'a property named by a symbol' : 'a property that would be lost',
      other,
    );
  }

  /** The path is there before the property is read, which may throw. */
  #part(key: string | number, object: object): unknown {
    this.#path.push(key);
    const copy = this.of((object as Record<string | number, unknown>)[key]);
    this.#path.pop();
    return copy;
  }

  #step(step: PathStep, value: unknown): unknown {
    this.#path.push(step);
    const copy = this.of(value);
    this.#path.pop();
    return copy;
  }

  /** What to throw when the value at hand threw `cause` while it was read: a getter, or a trap of a Proxy. */
  unreadable(cause: unknown): UnstorableValueError {
    return this.#unstorable('something that cannot be read without an error', undefined, { cause });
  }

  #unstorable(found: string, step?: PathStep, options?: ErrorOptions): UnstorableValueError {
    const path = writePath(step === undefined ? this.#path : [...this.#path, step]);
    return new UnstorableValueError(
      path,
      `A session can keep plain data only, but found ${found} at ${path}. ` +
        'Leave it out, or keep what it is made of (a Buffer as a Uint8Array, a URL as its text).',
      options,
    );
  }
}

/** `1` is one, and neither `01` nor `1.5` nor the empty string, though as numbers they are below the length. */
function isIndex(key: string, length: number): boolean {
  return /^\d+$/.test(key) && Number(key) < length && String(Number(key)) === key;
}
