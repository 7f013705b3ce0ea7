import type { Awaitable } from '../contract/awaitable.ts';

/** Where instances contend, each with lease stores that the suite closes. */
interface Place<Instance> {
  openInstance(): Awaitable<Instance>;
  close(): Awaitable<void>;
}

/** Has `body` do its work with two instances in a fresh place, which is closed afterwards. */
export async function withTwoInstances<
  Instance extends { readonly leases: { close(): Awaitable<void> } },
  At extends Place<Instance>,
>(
  createPlace: () => Awaitable<At & Place<Instance>>,
  body: (context: { ours: Instance; theirs: Instance; place: At }) => Promise<void>,
): Promise<void> {
  const place = await createPlace();
  const ours = await place.openInstance();
  const theirs = await place.openInstance();
  try {
    await body({ ours, theirs, place });
  } finally {
    await ours.leases.close();
    await theirs.leases.close();
    await place.close();
  }
}
