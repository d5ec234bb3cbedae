export type { FailureReport } from './errors.ts';
export { createFacade, type Facade, type FacadeOptions } from './server.ts';
