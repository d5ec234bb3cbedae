import { limits } from '../../base/mod.ts';
import { type JsonObject, objectOf } from '../../machinery/mod.ts';
import type { User } from '../user.ts';
import { problemText } from './policy.ts';
import { type RbacScope, rulesFor } from './rbac-authorizer.ts';
import { aggregateText } from './rule-text.ts';

/**
 * The status of a SelfSubjectRulesReview: the rules of a user in some scopes, in the order of their bindings. A rule
 * that several bindings grant comes once per role. It is incomplete beyond `rulesReviewedMax` rules.
 */
export function rulesReviewStatus(
  asked: readonly { readonly scope: RbacScope; readonly user: User }[],
): JsonObject {
  const found = asked.map(({ scope, user }) => rulesFor(scope, user));
  const all = found.flatMap(({ rules }) => rules);
  const rules = all.slice(0, limits.rulesReviewedMax);
  const problems = found.flatMap((one) => one.problems.map((problem) => problemText(problem)));
  return objectOf({
    resourceRules: rules
      .filter(({ resources }) => resources.length > 0)
      .map(({ verbs, apiGroups, resources, resourceNames }) =>
        objectOf({
          verbs: [...verbs],
          apiGroups: listed(apiGroups),
          resources: [...resources],
          resourceNames: listed(resourceNames),
        }),
      ),
    nonResourceRules: rules
      .filter(({ nonResourceURLs }) => nonResourceURLs.length > 0)
      .map(({ verbs, nonResourceURLs }) =>
        objectOf({ verbs: [...verbs], nonResourceURLs: [...nonResourceURLs] }),
      ),
    incomplete: all.length > rules.length,
    evaluationError: problems.length === 0 ? undefined : aggregateText(problems),
  });
}

// Upstream leaves empty lists out of the JSON.
function listed(texts: readonly string[]): string[] | undefined {
  return texts.length === 0 ? undefined : [...texts];
}
