import { argumentClaims } from './lease-store/arguments.ts';
import { fencingClaims } from './lease-store/fencing.ts';
import { type LeaseStoreHarness, leaseClaimsOf } from './lease-store/harness.ts';
import { listingClaims } from './lease-store/listing.ts';
import { termClaims } from './lease-store/terms.ts';
import { timeClaims } from './lease-store/time.ts';
import { waitingClaims } from './lease-store/waiting.ts';
import type { TestRunner } from './test-runner.ts';

/**
 * Everything that `LeaseStore` and `Lease` promise, as tests of `runner`, for any backend: hand it the `describe` and `test` of vitest,
 * jest or node:test, and say with a {@link LeaseStoreHarness} how to make a place where leases are kept. What the backend's
 * capabilities rule out is skipped and shown as skipped.
 *
 * How soon the end of a process is seen cannot be shown inside one process, and is for the backend's own tests.
 */
export function leaseStoreConformance(runner: TestRunner, harness: LeaseStoreHarness): void {
  const claim = leaseClaimsOf(runner, harness);
  runner.describe(`${harness.name} keeps the contract of LeaseStore`, () => {
    runner.describe('arguments', () => argumentClaims(claim));
    runner.describe('terms', () => termClaims(claim, harness));
    runner.describe('waiting', () => waitingClaims(claim));
    runner.describe('time', () => timeClaims(claim));
    runner.describe('fencing', () => fencingClaims(claim));
    runner.describe('listing', () => listingClaims(claim));
  });
}
