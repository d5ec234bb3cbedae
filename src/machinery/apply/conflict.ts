import { goQuote } from '../field-error.ts';
import { describePath, type FieldPath } from './path-element.ts';

/** A field that one manager wants to set and another one owns. */
export interface Conflict {
  readonly manager: string;
  readonly path: FieldPath;
}

/** The conflicts as upstream's merge library prints them, managers sorted by name. */
export function describeConflicts(conflicts: readonly Conflict[]): string {
  const [first] = conflicts;
  if (conflicts.length === 1 && first !== undefined) {
    return `conflict with ${goQuote(first.manager)}: ${describePath(first.path)}`;
  }
  const managers = [...new Set(conflicts.map(({ manager }) => manager))].sort();
  return managers
    .flatMap((manager) => [
      `conflicts with ${goQuote(manager)}:`,
      ...conflicts
        .filter((conflict) => conflict.manager === manager)
        .map(({ path }) => `- ${describePath(path)}`),
    ])
    .join('\n');
}
