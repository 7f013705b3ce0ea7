import type { Session } from '../contract/session.ts';
import type { SessionLoader } from '../contract/session-loader.ts';
import { assertDuration } from '../contract/validate-arguments.ts';
import { assertLoaded } from '../session-loading/assert-loaded.ts';
import { encodeSession } from '../session-values/encode-session.ts';
import { HeldSession } from '../session-values/held-session.ts';

/** What the loader finds, as the cache would give it, but for that it is not kept. Not shared: a load that others began may have missed an invalidation. */
export async function loadedWithoutCache<S extends Session>(
  token: string,
  load: SessionLoader<S>,
): Promise<S | null> {
  const loaded = await load(token);
  if (loaded === null || loaded === undefined) return null;
  assertLoaded(loaded);
  assertDuration('ttlSeconds', loaded.ttlSeconds);
  return new HeldSession<S>(encodeSession(loaded.session).payload).read();
}
