import { isObject, type JsonObject, type JsonValue, newObject, objectOf } from '../machinery/mod.ts';
import { Failure } from './failure.ts';

const APPROVAL = 'api-approved.kubernetes.io';

/**
 * The APIResourceSchema that a CustomResourceDefinition stands for, named `<prefix>.<plural>.<group>`; the rules
 * are those of kcp. Throws a `Failure` that names the definition for what a schema cannot say.
 */
export function apiResourceSchemaOf(definition: JsonValue, prefix: string): JsonObject {
  const { apiVersion, kind } = isObject(definition) ? definition : newObject();
  if (kind !== 'CustomResourceDefinition' || apiVersion !== 'apiextensions.k8s.io/v1') {
    const found = [apiVersion, kind].filter((part) => typeof part === 'string').join(' ');
    throw new Failure(`unexpected type for CRD: ${found === '' ? 'there is no apiVersion and kind' : found}`);
  }
  const metadata = objectAt(definition, 'metadata');
  const spec = objectAt(definition, 'spec');
  const name = typeof metadata['name'] === 'string' ? metadata['name'] : '';
  const versions = Array.isArray(spec['versions']) ? spec['versions'] : [];
  if (name === '' || versions.length === 0) {
    throw new Failure(`error converting CRD: ${name === '' ? 'it has no name' : `${name} has no versions`}`);
  }
  if (spec['preserveUnknownFields'] === true) {
    throw new Failure(
      `error converting CRD: ${name} has preserveUnknownFields, which an APIResourceSchema cannot say`,
    );
  }
  const annotations = objectAt(metadata, 'annotations');
  const conversion = conversionOf(spec, { name, versionCount: versions.length });
  return objectOf({
    apiVersion: 'apis.kcp.io/v1alpha1',
    kind: 'APIResourceSchema',
    metadata: objectOf({
      name: `${prefix}.${name}`,
      // Groups of Kubernetes' own are refused without it, here as in a CRD.
      annotations:
        annotations[APPROVAL] === undefined ? undefined : objectOf({ [APPROVAL]: annotations[APPROVAL] }),
    }),
    spec: objectOf({
      group: spec['group'],
      names: spec['names'],
      scope: spec['scope'],
      versions: versions.map((version) => versionOf(isObject(version) ? version : newObject())),
      conversion,
    }),
  });
}

function versionOf(version: JsonObject): JsonObject {
  return objectOf({
    name: version['name'],
    served: version['served'],
    storage: version['storage'],
    deprecated: version['deprecated'],
    deprecationWarning: version['deprecationWarning'],
    additionalPrinterColumns: version['additionalPrinterColumns'],
    selectableFields: version['selectableFields'],
    schema: objectAt(version, 'schema')['openAPIV3Schema'],
    subresources: version['subresources'],
  });
}

function conversionOf(
  spec: JsonObject,
  { name, versionCount }: { readonly name: string; readonly versionCount: number },
): JsonObject | undefined {
  // What a CRD has when it says nothing; a schema of several versions has to say it.
  if (!isObject(spec['conversion'])) return versionCount > 1 ? objectOf({ strategy: 'None' }) : undefined;
  const conversion = spec['conversion'];
  if (conversion['strategy'] !== 'Webhook') return objectOf({ strategy: conversion['strategy'] });
  const webhook = objectAt(conversion, 'webhook');
  const client = objectAt(webhook, 'clientConfig');
  if (client['service'] !== undefined) {
    throw new Failure(
      `error converting CRD: ${name}: webhooks that refer to services are not supported, please use URL instead`,
    );
  }
  if (typeof client['url'] !== 'string')
    throw new Failure(`error converting CRD: ${name}: webhooks URL must be set`);
  return objectOf({
    strategy: 'Webhook',
    webhook: objectOf({
      clientConfig: objectOf({ url: client['url'], caBundle: client['caBundle'] }),
      conversionReviewVersions: webhook['conversionReviewVersions'],
    }),
  });
}

function objectAt(value: JsonValue | undefined, key: string): JsonObject {
  const member = isObject(value) ? value[key] : undefined;
  return isObject(member) ? member : newObject();
}
