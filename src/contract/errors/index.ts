export * from './argument-errors.ts';
export * from './database-errors.ts';
export * from './deployment-errors.ts';
export * from './lease-errors.ts';
export * from './location-errors.ts';
export { isOnehostError, type OnehostError } from './onehost-error.ts';
export * from './scheduler-errors.ts';
export * from './session-errors.ts';
export * from './unavailable-errors.ts';
