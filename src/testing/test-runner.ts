/**
 * What a suite needs of a test runner. `describe` and `test` of vitest, jest and node:test fit as they are.
 */
export interface TestRunner {
  describe(name: string, body: () => void): unknown;
  readonly test: TestFunction & { readonly skip: TestFunction };
}

type TestFunction = (name: string, body: () => Promise<void>) => unknown;
