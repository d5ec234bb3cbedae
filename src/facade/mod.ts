export type { FailureReport } from './errors.ts';
export type { Forwarding } from './forwarding.ts';
export type { JoinTokenKey, JoinTokenWish, PlanetControl, ShardWish } from './planet-control.ts';
export { createFacade, type Facade, type FacadeOptions } from './server.ts';
