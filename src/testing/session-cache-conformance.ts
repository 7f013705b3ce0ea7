import { argumentClaims } from './session-cache/arguments.ts';
import { capabilityClaims } from './session-cache/capabilities.ts';
import { clearingClaims } from './session-cache/clearing.ts';
import { expiryClaims } from './session-cache/expiry.ts';
import { claimsOf, type SessionCacheHarness } from './session-cache/harness.ts';
import { invalidationClaims } from './session-cache/invalidation.ts';
import { loadingClaims } from './session-cache/loading.ts';
import { valueClaims } from './session-cache/values.ts';
import type { TestRunner } from './test-runner.ts';

/**
 * Everything that `SessionCache` promises, as tests of `runner`, for any backend: hand it the `describe`
 * and `test` of vitest, jest or node:test, and say with a {@link SessionCacheHarness} how to make a store.
 * What the backend's capabilities rule out is skipped and shown as skipped.
 *
 * @example
 * ```ts
 * import { describe, test } from 'node:test';
 * import { sessionCacheConformance } from 'onehost/testing';
 *
 * sessionCacheConformance({ describe, test }, { name: 'MySessionCache', capabilities, createStore });
 * ```
 */
export function sessionCacheConformance(runner: TestRunner, harness: SessionCacheHarness): void {
  const claim = claimsOf(runner, harness);
  runner.describe(`${harness.name} keeps the contract of SessionCache`, () => {
    runner.describe('capabilities', () => capabilityClaims(claim, harness));
    runner.describe('arguments', () => argumentClaims(claim));
    runner.describe('values', () => valueClaims(claim));
    runner.describe('expiry', () => expiryClaims(claim));
    runner.describe('invalidation', () => invalidationClaims(claim));
    runner.describe('clearing', () => clearingClaims(claim));
    runner.describe('loading', () => loadingClaims(claim));
  });
}
