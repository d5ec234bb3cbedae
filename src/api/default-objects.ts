import {
  deepCopy,
  deepEqual,
  isObject,
  type JsonObject,
  type KubeObject,
  objectOf,
} from '../machinery/mod.ts';

/** The namespaces that every logical cluster has, and gets again when they are deleted. */
export const SYSTEM_NAMESPACES = ['default', 'kube-node-lease', 'kube-public', 'kube-system'] as const;
/** What every namespace has: the service account of those who name none, and the way to trust this server. */
export const DEFAULT_SERVICE_ACCOUNT = 'default';
export const ROOT_CA_CONFIG_MAP = 'kube-root-ca.crt';
/** The field manager of both, as upstream's controllers write them. */
export const NAMESPACE_DEFAULTS_MANAGER = 'kube-controller-manager';

const DESCRIPTION_ANNOTATION = 'kubernetes.io/description';
// Upstream's text, which tools show to people.
const DESCRIPTION =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. ' +
  'No other usage is guaranteed across distributions of Kubernetes clusters.';

/** A system namespace as it is sent to be created. */
export function systemNamespace(name: string): KubeObject {
  return objectOf({ apiVersion: 'v1', kind: 'Namespace', metadata: objectOf({ name }) }) as KubeObject;
}

/** The service account of a namespace as it is sent to be created. */
export function defaultServiceAccount(namespace: string): KubeObject {
  const metadata = objectOf({ name: DEFAULT_SERVICE_ACCOUNT, namespace });
  return objectOf({ apiVersion: 'v1', kind: 'ServiceAccount', metadata }) as KubeObject;
}

/** The ConfigMap with the certificates that clients are to trust, as it is sent to be created. */
export function rootCaConfigMap(namespace: string, caBundle: string): KubeObject {
  const metadata = objectOf({
    name: ROOT_CA_CONFIG_MAP,
    namespace,
    annotations: objectOf({ [DESCRIPTION_ANNOTATION]: DESCRIPTION }),
  });
  return objectOf({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata,
    data: objectOf({ 'ca.crt': caBundle }),
  }) as KubeObject;
}

/** Whether a stored ConfigMap says what it has to: upstream looks at its data, and that it is described at all. */
export function isRootCaCurrent(configMap: JsonObject, caBundle: string): boolean {
  const annotations = isObject(configMap['metadata']) ? configMap['metadata']['annotations'] : undefined;
  const isDescribed = isObject(annotations) && Boolean(annotations[DESCRIPTION_ANNOTATION]);
  return isDescribed && deepEqual(configMap['data'], objectOf({ 'ca.crt': caBundle }));
}

/** The ConfigMap with the right certificates; what else somebody put there stays, as upstream leaves it. */
export function withRootCa(configMap: KubeObject, caBundle: string): KubeObject {
  const restored = deepCopy(configMap);
  restored['data'] = objectOf({ 'ca.crt': caBundle });
  const annotations = (restored.metadata.annotations ?? {}) as Record<string, string>;
  const described = objectOf({ ...annotations, [DESCRIPTION_ANNOTATION]: DESCRIPTION });
  restored.metadata.annotations = described as Record<string, string>;
  return restored;
}
