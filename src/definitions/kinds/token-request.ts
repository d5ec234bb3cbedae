import { components, resolveComponent } from './components.ts';
import { type BuiltinDefinition, defineBuiltin, strategyOf } from './kind.ts';

/** authentication.k8s.io/v1 TokenRequest: what is posted to a service account's `token`. It is no resource of its own. */
export const tokenRequestDefinition: BuiltinDefinition = defineBuiltin(
  {
    group: 'authentication.k8s.io',
    version: 'v1',
    kind: 'TokenRequest',
    plural: 'tokenrequests',
    component: 'io.k8s.api.authentication.v1.TokenRequest',
    scope: 'Namespaced',
    isVirtual: true,
    strategy: strategyOf({ validateName: () => [] }),
  },
  { components, resolve: resolveComponent },
);
