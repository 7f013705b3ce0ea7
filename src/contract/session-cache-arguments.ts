import type { InvalidateByUserOptions } from './session-cache.ts';
import { assertToken } from './validate-arguments.ts';
import { assertKnownOptions } from './validate-options.ts';

/** @throws InvalidOptionError, InvalidTokenError */
export function readExceptToken(options: InvalidateByUserOptions): string | undefined {
  assertKnownOptions('invalidateByUser', options, ['exceptToken']);
  const { exceptToken } = options;
  if (exceptToken !== undefined) assertToken(exceptToken);
  return exceptToken;
}
