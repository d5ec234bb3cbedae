export type { LogRouterOptions } from './log-router.ts';
export type { LogKind } from './planet-log.ts';
export { type LogOptions, PlanetStore, type PlanetStoreOptions } from './planet-store.ts';
