import { validateDns1123SubdomainName } from '../../machinery/mod.ts';
import { components, resolveComponent } from './components.ts';
import { type BuiltinDefinition, defineBuiltin, strategyOf } from './kind.ts';

/** autoscaling/v1 Scale: the form in which custom resources are scaled. It is no resource of its own. */
export const scaleDefinition: BuiltinDefinition = defineBuiltin(
  {
    group: 'autoscaling',
    version: 'v1',
    kind: 'Scale',
    plural: 'scales',
    component: 'io.k8s.api.autoscaling.v1.Scale',
    scope: 'Namespaced',
    isVirtual: true,
    strategy: strategyOf({ validateName: validateDns1123SubdomainName }),
  },
  { components, resolve: resolveComponent },
);
