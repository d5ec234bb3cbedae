import type { CelEnvironment } from '../environment.ts';
import { standardEnvironment } from '../standard-environment.ts';
import { authorizerFunctions } from './authorizer-library.ts';
import { cidrFunctions, cidrType } from './cidr-library.ts';
import { checkFormatCall } from './format-check.ts';
import { formatFunctions } from './format-library.ts';
import { ipFunctions, ipType } from './ip-library.ts';
import { kubernetesCosts } from './kubernetes-costs.ts';
import { kubernetesListFunctions } from './kubernetes-list-library.ts';
import { listFunctions } from './list-library.ts';
import { quantityFunctions } from './quantity-library.ts';
import { regexFunctions } from './regex-library.ts';
import { semverFunctions } from './semver-library.ts';
import { setFunctions } from './set-library.ts';
import { sortByMacro } from './sort-by-macro.ts';
import { textFunctions } from './text-library.ts';
import { urlFunctions } from './url-library.ts';

/**
 * What rules may use that are new or have changed. An apiserver of 1.34 offers what 1.33 understands as well, so
 * that one may go back: everything but cel-go's lists extension.
 */
export const newRuleEnvironment: CelEnvironment = standardEnvironment.extend({
  constants: { 'net.IP': ipType, 'net.CIDR': cidrType },
  functions: [
    ...urlFunctions,
    ...regexFunctions,
    ...kubernetesListFunctions,
    ...authorizerFunctions,
    ...quantityFunctions,
    ...textFunctions,
    ...setFunctions,
    ...ipFunctions,
    ...cidrFunctions,
    ...formatFunctions,
    ...semverFunctions,
  ],
  costOverrides: kubernetesCosts,
  validators: [checkFormatCall],
});

/** What rules may use that are stored already, and that are evaluated: everything there is. */
export const storedRuleEnvironment: CelEnvironment = newRuleEnvironment.extend({
  functions: listFunctions,
  macros: [sortByMacro],
});
