import { type KubeObject, objectAt, textAt } from '../../machinery/mod.ts';
import { REFERENCES_FIELD } from '../../store/mod.ts';

/** What a Workspace refers to that no shard has taken so far: a shard that changes has them all looked at. */
export const UNSCHEDULED = 'unscheduled';

/** The server's own fields of a Workspace. */
export function workspaceFields(workspace: KubeObject): Record<string, string> {
  const spec = objectAt(workspace, 'spec');
  const waits =
    textAt(objectAt(workspace, 'status'), 'phase') === 'Scheduling' &&
    textAt(spec, 'cluster') === '' &&
    objectAt(spec, 'mount') === undefined &&
    workspace.metadata.deletionTimestamp === undefined;
  return waits ? { [REFERENCES_FIELD]: UNSCHEDULED } : {};
}
