import { expect, test } from 'vitest';
import { objectOf } from './json-value.ts';
import type { KubeObject } from './kube-object.ts';
import { partialMetadata, partialMetadataList } from './partial-metadata.ts';

const object = objectOf({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: objectOf({ name: 'a', labels: objectOf({ x: 'y' }) }),
  data: objectOf({ k: 'v' }),
}) as KubeObject;

test('partialMetadata keeps the metadata and nothing else of an object', () => {
  expect(JSON.stringify(partialMetadata(object, 'meta.k8s.io/v1'))).toBe(
    '{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{"name":"a","labels":{"x":"y"}}}',
  );
});

test('partialMetadataList has the metadata of the list and a kind on every item', () => {
  const metadata = objectOf({ resourceVersion: '9' });
  const list = partialMetadataList({ items: [object], metadata, apiVersion: 'meta.k8s.io/v1beta1' });
  expect(JSON.parse(JSON.stringify(list))).toEqual({
    kind: 'PartialObjectMetadataList',
    apiVersion: 'meta.k8s.io/v1beta1',
    metadata: { resourceVersion: '9' },
    items: [
      {
        kind: 'PartialObjectMetadata',
        apiVersion: 'meta.k8s.io/v1beta1',
        metadata: { name: 'a', labels: { x: 'y' } },
      },
    ],
  });
});
