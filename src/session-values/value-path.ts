import { shownKey } from '../contract/shown-key.ts';

/** One step from a value into a part of it; `call` is a method that gives the part. */
export type PathStep = string | number | symbol | { readonly call: string };

/** The path as one would write it in code: `session.devices[2].onClose`. What may be a token is not in it. */
export function writePath(path: readonly PathStep[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    if (typeof step === 'symbol') return `${text}[Symbol(${shownKey(step.description ?? '')})]`;
    if (typeof step === 'object') return `${text}.${step.call}`;
    const key = shownKey(step);
    return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key)
      ? `${text}.${key}`
      : `${text}[${JSON.stringify(key)}]`;
  }, 'session');
}
