export { ENDPOINT_CONTROLLERS, ENDPOINT_SLICES, endpointHooks } from './endpoint-hooks.ts';
