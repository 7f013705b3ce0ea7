import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { InvalidOptionError } from '../contract/errors/index.ts';
import type { Instance } from '../contract/instance.ts';
import type { Term } from '../contract/lease.ts';
import { MAX_NAME_LENGTH } from '../contract/lease-store.ts';
import { assertName, describeType } from '../contract/validate-arguments.ts';

/** Who a new lease store is to others. @throws InvalidOptionError */
export function newInstance(appVersion: string | undefined, startedAt: number): Instance {
  return Object.freeze({
    id: randomBytes(16).toString('hex'),
    processId: process.pid,
    host: hostname(),
    appVersion: readAppVersion(appVersion),
    startedAt: new Date(startedAt),
  });
}

function readAppVersion(appVersion: unknown): string | null {
  if (appVersion === undefined) return null;
  if (typeof appVersion !== 'string' || appVersion.length > MAX_NAME_LENGTH) {
    const found =
      typeof appVersion === 'string' ? `${appVersion.length}` : describeType(appVersion);
    throw new InvalidOptionError(
      `appVersion must be a string of up to ${MAX_NAME_LENGTH} UTF-16 code units, but found ${found}.`,
    );
  }
  return appVersion.toWellFormed();
}

/** @throws InvalidOptionError unless it names a term. */
export function readTerm(term: Term): Term {
  if (typeof term?.holder?.id !== 'string' || typeof term.fencingToken !== 'number') {
    throw new InvalidOptionError(
      'steal needs a term as list() gives it, with name, holder and fencingToken, but found none. A lease that nobody holds is to be acquired.',
    );
  }
  assertName('lease', term.name);
  return term;
}
