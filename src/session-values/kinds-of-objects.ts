import { isDate, isMap, isNativeError, isPromise, isSet } from 'node:util/types';

export type TypedArray = Extract<NodeJS.ArrayBufferView, { slice: unknown }>;

/** Also an object from another realm: a test runner may give each file its own `Object`. */
export function isPlainObject(object: object): boolean {
  const prototype = Object.getPrototypeOf(object);
  if (prototype === Object.prototype) return true;
  if (prototype === null) return !isBuiltin(object);
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf');
}

/** Whether nothing stands between the object and its builtin class, whose chain has `length` prototypes. */
export function isUnextended(object: object, length: number): boolean {
  let prototype = Object.getPrototypeOf(object);
  for (let count = 0; count < length; count++) {
    if (prototype === null) return false;
    prototype = Object.getPrototypeOf(prototype);
  }
  return prototype === null;
}

export function nameOfClass(object: object): string {
  const name: unknown = object.constructor?.name;
  return typeof name === 'string' && name !== '' ? name : 'a class';
}

/** What a builtin is it stays, when its prototype is taken away. */
function isBuiltin(object: object): boolean {
  return (
    isMap(object) || isSet(object) || isDate(object) || isNativeError(object) || isPromise(object)
  );
}
