import { type Conflict, describePath } from '../apply/mod.ts';
import { goQuote } from '../field-error.ts';
import { StatusError } from '../status-error.ts';
import { identityOf } from './managed.ts';

/** 409 with every field that somebody else owns and that the configuration wants different. */
export function newApplyConflict(conflicts: readonly Conflict[]): StatusError {
  const sorted = [...conflicts].sort((a, b) =>
    a.manager === b.manager ? 0 : a.manager < b.manager ? -1 : 1,
  );
  return new StatusError({
    code: 409,
    reason: 'Conflict',
    message: messageOf(sorted),
    details: {
      causes: sorted.map(({ manager, path }) => ({
        reason: 'FieldManagerConflict',
        message: `conflict with ${describeManager(manager)}`,
        field: describePath(path),
      })),
    },
  });
}

function messageOf(conflicts: readonly Conflict[]): string {
  const [first, ...rest] = conflicts;
  if (first !== undefined && rest.length === 0) {
    const { manager, path } = first;
    return `Apply failed with 1 conflict: conflict with ${describeManager(manager)}: ${describePath(path)}`;
  }
  const lines: string[] = [];
  let manager: string | undefined;
  for (const conflict of conflicts) {
    if (conflict.manager !== manager) lines.push(`conflicts with ${describeManager(conflict.manager)}:`);
    manager = conflict.manager;
    lines.push(`- ${describePath(conflict.path)}`);
  }
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`;
}

function describeManager(id: string): string {
  const { manager, operation, apiVersion, subresource } = identityOf(id);
  const name = goQuote(manager) + (subresource === '' ? '' : ` with subresource ${goQuote(subresource)}`);
  return operation === 'Update' ? `${name} using ${apiVersion}` : name;
}
