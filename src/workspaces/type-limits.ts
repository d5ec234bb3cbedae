import { namedBy, type Reference, referenceText, type WorkspaceType } from './types.ts';

/** A type with all that it extends, itself last. */
type Lineage = readonly WorkspaceType[];

/**
 * Why a workspace of one type may not lie in one of another, in kcp's words; undefined when it may. What a type extends
 * counts as well, on both sides.
 */
export function typeLimitProblem(parent: Lineage, child: Lineage): string | undefined {
  const problems = [...parentProblems(parent, child), ...childProblems(parent, child)];
  if (problems.length === 0) return undefined;
  return problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`;
}

function* parentProblems(parent: Lineage, child: Lineage): Generator<string> {
  const childText = referenceText(child.at(-1)!);
  const parentText = referenceText(parent.at(-1)!);
  for (const type of child) {
    const limit = type.spec.limitAllowedParents;
    if (limit === undefined) continue;
    if (limit.none) yield `workspace type ${referenceText(type)} cannot have any parent`;
    else if (limit.types.length > 0 && !implementsOne(parent, limit.types, type)) {
      const who = extending(childText, type);
      yield `workspace type ${who} only allows ${allowed(limit.types, type)} parent workspaces, but parent type ${parentText} only implements ${implemented(parent)}`;
    }
  }
}

function* childProblems(parent: Lineage, child: Lineage): Generator<string> {
  const childText = referenceText(child.at(-1)!);
  const parentText = referenceText(parent.at(-1)!);
  for (const type of parent) {
    const limit = type.spec.limitAllowedChildren;
    if (limit === undefined) continue;
    if (limit.none) yield `workspace type ${referenceText(type)} cannot have any child`;
    else if (limit.types.length > 0 && !implementsOne(child, limit.types, type)) {
      const who = extending(parentText, type);
      yield `workspace type ${who} only allows ${allowed(limit.types, type)} child workspaces, but child type ${childText} only implements ${implemented(child)}`;
    }
  }
}

/** Who has the limit: the type itself, or one that it extends. */
function extending(text: string, type: WorkspaceType): string {
  const limiting = referenceText(type);
  return limiting === text ? text : `${text} extends ${limiting}, which`;
}

/** Whoever has come to be found at a path does not make what the limit was written for. */
function implementsOne(lineage: Lineage, types: readonly Reference[], of: WorkspaceType): boolean {
  const wanted = new Map(types.map((named) => namedBy(of, named)).map((one) => [referenceText(one), one]));
  return lineage.some((type) => {
    const limit = wanted.get(referenceText(type));
    return limit !== undefined && (limit.meant === undefined || limit.meant === type.cluster);
  });
}

function allowed(types: readonly Reference[], of: WorkspaceType): string {
  return printList(types.map((named) => referenceText(namedBy(of, named))));
}

function implemented(lineage: Lineage): string {
  return printList(lineage.map(referenceText));
}

function printList(texts: readonly string[]): string {
  return `[${[...new Set(texts)].sort().join(' ')}]`;
}
