import type { AdmissionPlugin } from './chain.ts';
import { newAdmissionForbidden } from './refusal.ts';

/** Refuses every write. Off by default, and deprecated upstream: for tests. */
export const alwaysDeny: AdmissionPlugin = {
  name: 'AlwaysDeny',
  operations: ['CREATE', 'UPDATE', 'DELETE'],
  mutate(request) {
    throw newAdmissionForbidden(request, 'admission control is denying all modifications');
  },
};

/** A plugin that has nothing to do with the kinds that are served: pods, volumes, nodes, certificate requests. */
export function idle(name: string): AdmissionPlugin {
  return { name, operations: [] };
}
