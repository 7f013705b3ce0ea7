/** A statement that is prepared once per connection, with its parameters in their order. */
export interface Statement<P extends readonly unknown[], Row> {
  /** Up to 20 characters: with that of a schema they are 63, of which the server keeps no more. */
  readonly name: string;
  /** @param schema quoted. */
  readonly text: (schema: string) => string;
  /** Whether all that it gives is text, which needs no reading. */
  readonly givesText: boolean;
  /** Types alone; there is never a value. */
  readonly types?: (parameters: P) => Row;
}

/**
 * A statement of the hot path, as text: each is a look-up by key, or calls a function of the schema, of which Kysely could say no more.
 * All others are built by Kysely.
 */
export function statement<P extends readonly unknown[], Row>(
  name: string,
  text: (schema: string) => string,
  givesText = false,
): Statement<P, Row> {
  return { name, text, givesText };
}
