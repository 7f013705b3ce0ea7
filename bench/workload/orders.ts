import type { Period, Played } from './play.ts';

/** What a process of a {@link Crew} is told, one at a time. */
export type Order =
  | {
      readonly kind: 'open';
      readonly contender: string;
      readonly folder: string;
      readonly sessions: number;
      readonly serverPort?: number | undefined;
      /** Which process of its crew it is, from 0: each gets visits of its own. */
      readonly place: number;
    }
  | { readonly kind: 'make-ready'; readonly milliseconds: number }
  | { readonly kind: 'play'; readonly period: Period }
  | { readonly kind: 'close' };

/** The answer to each order. */
export type Report =
  | { readonly kind: 'done'; readonly played?: Played }
  | { readonly kind: 'failed'; readonly message: string };
