import type { ServiceAccount } from '../access/mod.ts';
import { type Api, CONTROLLERS, decodeStored } from '../api/mod.ts';
import type { LogicalCluster } from '../base/mod.ts';
import { builtinDefinition, collectionOf } from '../definitions/mod.ts';
import { isObject, type KubeObject, objectAt, objectOf, textAt } from '../machinery/mod.ts';
import type { Row } from '../store/mod.ts';
import { ControllerClient } from './client.ts';
import { batchesOf, changeAll } from './objects.ts';
import type { Controller } from './runtime.ts';

export const SERVICE_ACCOUNT_TOKEN_TYPE = 'kubernetes.io/service-account-token';
const ACCOUNT_NAME = 'kubernetes.io/service-account.name';
const ACCOUNT_UID = 'kubernetes.io/service-account.uid';
const MANAGER = 'kube-controller-manager';

interface Place {
  readonly cluster: LogicalCluster;
  readonly namespace: string;
}

/**
 * Fills Secrets of the type `kubernetes.io/service-account-token` with a token that does not expire, and
 * deletes those whose service account is not, or no longer, there. A debt names a Secret (`namespace\0name`),
 * or a namespace whose Secrets all have to be looked at, since a service account is gone (`namespace\0`).
 */
export function serviceAccountTokenController(api: Api): Controller {
  return {
    name: CONTROLLERS.serviceAccountToken,
    async reconcile(debt, signal) {
      const [namespace = '', name = ''] = debt.key.key.split('\0');
      const place = { cluster: debt.key.cluster, namespace };
      const client = new ControllerClient(api, { name: MANAGER, signal });
      if (name !== '') {
        const row = api.store.get({ ...secretsOf(place), namespace, name });
        if (row !== undefined) await settle(api, client, { ...place, name, row });
        return 'settled';
      }
      const content = { collection: secretsOf(place), namespace };
      await changeAll(batchesOf(api, content), signal, async ({ key, row }) => {
        if (row.fields['type'] !== SERVICE_ACCOUNT_TOKEN_TYPE) return;
        await settle(api, client, { ...place, name: key.name, row });
      });
      return 'settled';
    },
  };
}

async function settle(
  api: Api,
  client: ControllerClient,
  secret: Place & { readonly name: string; readonly row: Row },
): Promise<void> {
  const { cluster, namespace, name, row } = secret;
  const definition = builtinDefinition('', 'secrets')!;
  const object = decodeStored(definition, 'v1', row);
  if (
    textAt(object, 'type') !== SERVICE_ACCOUNT_TOKEN_TYPE ||
    object.metadata.deletionTimestamp !== undefined
  )
    return;
  const place = { definition, cluster, namespace, name };
  const { annotations } = object.metadata;
  const accountName = annotations?.[ACCOUNT_NAME] ?? '';
  const accounts = collectionOf(cluster, builtinDefinition('', 'serviceaccounts')!);
  const account = api.store.get({ ...accounts, namespace, name: accountName });
  const wantedUid = annotations?.[ACCOUNT_UID];
  if (account === undefined || (wantedUid && wantedUid !== account.uid)) {
    return client.remove(place, { uid: row.uid });
  }
  const change = await missingFrom(api, object, { cluster, namespace, name: accountName, uid: account.uid });
  if (change === undefined) return;
  object['data'] = objectOf({ ...objectAt(object, 'data'), ...change });
  object.metadata.annotations = { ...annotations, [ACCOUNT_UID]: account.uid };
  object.metadata.resourceVersion = String(row.revision);
  await client.update(place, object);
}

/** What the Secret has to have and has not; undefined where nothing is missing. */
async function missingFrom(
  api: Api,
  secret: KubeObject,
  account: ServiceAccount,
): Promise<Record<string, string> | undefined> {
  const data = isObject(secret['data']) ? secret['data'] : objectOf({});
  const certificates = base64(api.caBundle);
  const hasToken = textAt(data, 'token') !== '';
  const isComplete =
    hasToken &&
    data['ca.crt'] === certificates &&
    textAt(data, 'namespace') !== '' &&
    secret.metadata.annotations?.[ACCOUNT_UID] === account.uid;
  if (isComplete) return undefined;
  const name = secret.metadata.name ?? '';
  const token = hasToken
    ? textAt(data, 'token')
    : base64(await api.serviceAccounts.issueLegacy({ account, secret: name }));
  return { token, 'ca.crt': certificates, namespace: base64(account.namespace) };
}

function secretsOf({ cluster }: Place) {
  return collectionOf(cluster, builtinDefinition('', 'secrets')!);
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
