import { setTimeout as delay } from 'node:timers/promises';
import type { ApiBinding } from '../claims.ts';
import { ApiFailure } from '../client/api-failure.ts';
import { Failure } from '../failure.ts';
import { waitFor } from '../wait.ts';
import { clusterPath } from '../workspace-path.ts';
import { getWorkspace, type Workspace, workspacesPath } from '../workspaces.ts';
import type { Step, Surroundings } from './scenario.ts';

/** Makes a workspace, unless there is one of that name, and waits until it is ready. True if it is new. */
export async function ensureWorkspace(
  { client, deadlineMs, nowMs }: Surroundings,
  wanted: { readonly parent: string; readonly name: string; readonly type: string; readonly prefix: string },
): Promise<boolean> {
  const { parent, name, type, prefix } = wanted;
  const labels = { 'kcp.io/quickstart': 'true', 'kcp.io/quickstart-prefix': prefix };
  const isNew = await create(
    client.send(workspacesPath(parent), {
      method: 'POST',
      body: {
        apiVersion: 'tenancy.kcp.io/v1alpha1',
        kind: 'Workspace',
        metadata: { name, labels },
        spec: { type: { path: 'root', name: type } },
      },
    }),
  );
  let last: Workspace | undefined;
  const ready = await waitFor(deadlineMs - nowMs(), async () => {
    last = await getWorkspace(client, parent, name);
    return last.status?.phase === 'Ready' ? last : undefined;
  });
  if (ready !== undefined) return isNew;
  throw new Failure(
    `timed out waiting for workspace ${JSON.stringify(name)} to become ready (current phase: ${last?.status?.phase ?? 'unknown'})`,
  );
}

/** A step that makes a workspace and says what came of it. */
export function workspaceStep(
  title: string,
  wanted: { readonly parent: string; readonly name: string; readonly type: string; readonly prefix: string },
): Step {
  return {
    title,
    async run(surroundings) {
      const isNew = await ensureWorkspace(surroundings, wanted);
      const path = `${wanted.parent}:${wanted.name}`;
      surroundings.say(
        `  Workspace ${JSON.stringify(wanted.name)} ${isNew ? 'created and ready at' : 'already exists at'} ${path}`,
      );
    },
  };
}

/** An object to make, as it is said: `APIExport "cowboys" created`. */
export async function ensureObject(
  { client, say }: Surroundings,
  {
    workspace,
    collection,
    object,
  }: { readonly workspace: string; readonly collection: string; readonly object: NamedObject },
): Promise<void> {
  const isNew = await create(
    client.send(`${clusterPath(workspace)}${collection}`, { method: 'POST', body: object }),
  );
  say(`  ${object.kind} ${JSON.stringify(object.metadata.name)} ${isNew ? 'created' : 'already exists'}`);
}

export interface NamedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: unknown;
}

export async function ensureBinding(
  { client, say, deadlineMs, nowMs }: Surroundings,
  { workspace, binding }: { readonly workspace: string; readonly binding: NamedObject },
): Promise<void> {
  const path = `${clusterPath(workspace)}/apis/apis.kcp.io/v1alpha2/apibindings`;
  const name = binding.metadata.name;
  const isNew = await create(client.send(path, { method: 'POST', body: binding }));
  const bound = await waitFor(deadlineMs - nowMs(), async () => {
    const found = await client.send<ApiBinding>(`${path}/${name}`);
    return found.status?.phase === 'Bound' ? found : undefined;
  });
  if (bound === undefined)
    throw new Failure(`timed out waiting for APIBinding ${JSON.stringify(name)} to become bound`);
  say(`  APIBinding ${JSON.stringify(name)} ${isNew ? 'created and bound' : 'already exists'}`);
}

const TELL_EVERY_MS = 10_000;
const POLL_MS = 250;

/** A step that deletes a workspace with all below it, and waits until it is gone. */
export function deleteStep(
  title: string,
  { parent, name }: { readonly parent: string; readonly name: string },
): Step {
  return {
    title,
    async run({ client, deadlineMs, nowMs, say }) {
      const path = `${workspacesPath(parent)}/${name}`;
      if (!(await isThere(client.send(path, { method: 'DELETE' })))) return;
      say(`  Waiting for workspace ${JSON.stringify(name)} and all children to finish terminating...`);
      let toldMs = nowMs();
      while (await isThere(client.send(path))) {
        if (nowMs() > deadlineMs)
          throw new Failure(`timed out waiting for workspace ${JSON.stringify(name)} to terminate`);
        if (nowMs() - toldMs >= TELL_EVERY_MS) {
          say('  Still terminating (cascading deletion in progress)...');
          toldMs = nowMs();
        }
        await delay(POLL_MS);
      }
    },
  };
}

async function create(answer: Promise<unknown>): Promise<boolean> {
  try {
    await answer;
    return true;
  } catch (error) {
    if (error instanceof ApiFailure && error.alreadyExists) return false;
    throw error;
  }
}

async function isThere(answer: Promise<unknown>): Promise<boolean> {
  try {
    await answer;
    return true;
  } catch (error) {
    if (error instanceof ApiFailure && error.isNotFound) return false;
    throw error;
  }
}
