import type { Access } from '../access/mod.ts';
import {
  AdmissionChain,
  type AdmissionChoice,
  AdmissionChoiceError,
  admissionPlugins,
  ClaimTable,
  chosenPlugins,
  QuotaLedger,
} from '../admission/mod.ts';
import { type Paths, recountDebt } from '../api/mod.ts';
import { systemRandom } from '../base/mod.ts';
import type { DefinitionRegistry } from '../definitions/mod.ts';
import { admitEndpointSlice } from '../exports/mod.ts';
import type { ObjectStore } from '../store/mod.ts';
import {
  admitDefaultBindings,
  admitWorkspace,
  admitWorkspaceType,
  logicalClusterAdmission,
  objectCountLimit,
  type WorkspaceTypes,
} from '../workspaces/mod.ts';
import { StartError } from './start-error.ts';

/** The names of the plugins that are to run. Throws `StartError` for a choice that cannot be. */
export function chosenAdmission(choice: AdmissionChoice = { enable: [], disable: [] }): readonly string[] {
  try {
    return chosenPlugins(choice);
  } catch (error) {
    if (!(error instanceof AdmissionChoiceError)) throw error;
    throw new StartError(error.message, { exitCode: 2, cause: error });
  }
}

/** The chain of these plugins, and the books of quotas that one of them enforces. The caller closes the books. */
export function createAdmission(
  plugins: readonly string[],
  parts: {
    readonly store: ObjectStore;
    readonly registry: DefinitionRegistry;
    readonly access: Access;
    readonly types: WorkspaceTypes;
    readonly paths: Paths;
    /** How many objects a logical cluster may have that has no annotation of its own; 0 is any number. */
    readonly totalObjectLimit: number;
  },
): { readonly admission: AdmissionChain; readonly quotas: QuotaLedger; readonly claims: ClaimTable } {
  const { store, registry, access, types, paths } = parts;
  const quotas = new QuotaLedger(store, {
    isEnforced: plugins.includes('ResourceQuota'),
    recountOf: (quota) => recountDebt(systemRandom, quota),
  });
  const claims = new ClaimTable({ store, groundOf: (cluster) => access.groundOf(cluster) });
  const admission = new AdmissionChain(
    admissionPlugins(plugins, {
      quotas,
      claims,
      authorize: (question) => access.decide(question),
      others: [
        admitWorkspace,
        logicalClusterAdmission,
        objectCountLimit(store, { perCluster: parts.totalObjectLimit }),
        admitEndpointSlice({ paths, access }),
        admitWorkspaceType({ types, authorize: (question) => access.decide(question) }),
        admitDefaultBindings({ paths, authorize: (question) => access.decide(question) }),
      ],
      definitionsOf: async ({ cluster }) => (await registry.setOf(cluster)).definitions,
    }),
  );
  return { admission, quotas, claims };
}
