export * from './argument-errors.ts';
export * from './database-errors.ts';
export * from './location-errors.ts';
export { isOnehostError, type OnehostError } from './onehost-error.ts';
export * from './session-errors.ts';
