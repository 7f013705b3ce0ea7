import {
  isAnyArrayBuffer,
  isArrayBuffer,
  isDate,
  isMap,
  isNativeError,
  isPromise,
  isRegExp,
  isSet,
} from 'node:util/types';
import { shownKey } from '../contract/shown-key.ts';

export type TypedArray = Extract<NodeJS.ArrayBufferView, { slice: unknown }>;

/** Also an object from another realm: a test runner may give each file its own `Object`. */
export function isPlainObject(object: object): boolean {
  const prototype = Object.getPrototypeOf(object);
  if (prototype === Object.prototype || prototype === null) return !isBuiltin(object);
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf');
}

/**
 * Whether the object is of this builtin class, and of none that extends it; also of another realm. `length` is how many prototypes are
 * in its chain. Not their number alone: the prototype of an object can be set to that of another class.
 */
export function isUnextended(object: object, className: string, length = 2): boolean {
  let prototype = Object.getPrototypeOf(object);
  if (prototype === Array.prototype) return className === 'Array';
  if (prototype === null || !belongsTo(className, prototype)) return false;
  for (let count = 0; count < length; count++) {
    if (prototype === null) return false;
    prototype = Object.getPrototypeOf(prototype);
  }
  return prototype === null;
}

function belongsTo(className: string, prototype: object): boolean {
  const made: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  return typeof made === 'function' && made.name === className;
}

const tagOfTypedArray = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)?.get;

/** What the object is, whatever its prototype says; `null` for anything but a typed array. */
export function kindOfTypedArray(object: object): string | null {
  return tagOfTypedArray?.call(object) ?? null;
}

/** The same for the other builtin classes that a session may hold; `null` for anything else. */
export function kindOfBuiltin(object: object): string | null {
  if (isMap(object)) return 'Map';
  if (isSet(object)) return 'Set';
  if (isDate(object)) return 'Date';
  if (isRegExp(object)) return 'RegExp';
  return isArrayBuffer(object) ? 'ArrayBuffer' : null;
}

export function nameOfClass(object: object): string {
  const name: unknown = object.constructor?.name;
  return typeof name === 'string' && name !== '' ? shownKey(name) : 'a class';
}

/** What a builtin is it stays, whatever prototype it is given. */
function isBuiltin(object: object): boolean {
  return (
    isMap(object) ||
    isSet(object) ||
    isDate(object) ||
    isRegExp(object) ||
    isNativeError(object) ||
    isPromise(object) ||
    isAnyArrayBuffer(object) ||
    ArrayBuffer.isView(object)
  );
}
