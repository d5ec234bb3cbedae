import { createHash } from 'node:crypto';
import { BoundedCache, limits, WeightedCache } from '../../base/mod.ts';
import { type DefinitionSet, hashOfDefinitions } from '../../definitions/mod.ts';
import { encodeJson, type JsonObject, newObject, objectOf } from '../../machinery/mod.ts';
import { type DiscoveryGroup, discoveryGroups } from '../discovery-groups.ts';
import {
  coreVersionsOperation,
  groupOperation,
  groupsOperation,
  resourcesOperation,
  versionOperation,
} from './discovery-operations.ts';
import type { Operation } from './operation.ts';
import { resourceOperations } from './resource-operations.ts';
import { v2Document } from './v2-document.ts';
import { v3Document } from './v3-document.ts';

export { openApiV2Protobuf, openApiV3Protobuf } from './protobuf.ts';

export interface TextWithETag {
  readonly text: string;
  /** The SHA-512 of the text in upper-case hex, in quotes, as the ETag header carries it. */
  readonly etag: string;
}

export interface TextWithHash {
  readonly text: string;
  /** The SHA-512 of the text in upper-case hex, as `?hash=` carries it. */
  readonly hash: string;
}

/**
 * `GET /openapi/v3`: where the document of each group and version is. The URLs in it are relative to the
 * root of the server; a server that answers below a prefix must put it before them.
 */
export function openApiV3Index(set: DefinitionSet): TextWithETag {
  return indexes.getOrCompute(set.hash, () => {
    const paths = newObject();
    for (const [path, source] of documentSources(set)) {
      const serverRelativeURL = `/openapi/v3/${path}?hash=${hashOfDocument(source)}`;
      paths[path] = objectOf({ serverRelativeURL });
    }
    return withETag(encodeJson(objectOf({ paths })));
  });
}

/**
 * `GET /openapi/v3/<path>`: one document, with everything that it refers to. `groupVersionPath` is a key of
 * the index, such as `api/v1`, `apis/example.com/v1` or `version`. Undefined when there is none (404).
 */
export function openApiV3Document(set: DefinitionSet, groupVersionPath: string): TextWithHash | undefined {
  const source = documentSources(set).get(groupVersionPath);
  return source === undefined ? undefined : documentOf(source);
}

/** `GET /openapi/v2` as JSON: one document for all kinds of the set. */
export function openApiV2(set: DefinitionSet): TextWithETag {
  return v2Texts.getOrCompute(set.hash, () => {
    const groups = discoveryGroups(set);
    const served = groups.flatMap((group) => group.versions.flatMap((version) => version.served));
    const operations = [versionOperation(), coreVersionsOperation(), groupsOperation()];
    for (const group of groups) {
      if (isBuiltinGroup(group)) operations.push(groupOperation(group.name));
      for (const version of group.versions) operations.push(...versionOperations(group, version));
    }
    return withETag(encodeJson(v2Document(operations, served)));
  });
}

// Weighed in characters, one byte each while the text is ASCII. The built-in groups together need about
// 1 MB, and documents are shared by all sets that define the same kinds of a group and version.
const documents = new WeightedCache<TextWithHash>({ weightMax: 64 << 20, weigh: ({ text }) => text.length });
// Indexes need the hashes of all documents, also of those whose text has been forgotten; 20,000 are 3 MB.
const documentHashes = new BoundedCache<string, string>(20_000);
const indexes = new WeightedCache<TextWithETag>({ weightMax: 16 << 20, weigh: ({ text }) => text.length });
const v2Texts = new WeightedCache<TextWithETag>({ weightMax: 64 << 20, weigh: ({ text }) => text.length });
const sources = new BoundedCache<string, ReadonlyMap<string, DocumentSource>>(limits.definitionSetsCachedMax);

/** How to make one document. Sources with equal keys make equal documents, whatever set they come from. */
interface DocumentSource {
  readonly key: string;
  readonly make: () => JsonObject;
}

function documentSources(set: DefinitionSet): ReadonlyMap<string, DocumentSource> {
  return sources.getOrMake(set.hash, () => {
    const found = new Map<string, DocumentSource>();
    const add = (path: string, operation: Operation): void => {
      found.set(path, { key: path, make: () => v3Document([operation], []) });
    };
    add('version', versionOperation());
    add('api', coreVersionsOperation());
    add('apis', groupsOperation());
    for (const group of discoveryGroups(set)) {
      if (isBuiltinGroup(group)) add(`apis/${group.name}`, groupOperation(group.name));
      for (const version of group.versions) {
        const path = `${group.name === '' ? 'api' : `apis/${group.name}`}/${version.name}`;
        const definitions = version.served.map(({ definition }) => definition);
        found.set(path, {
          key: `${path} ${hashOfDefinitions(definitions)}`,
          make: () => v3Document(versionOperations(group, version), version.served),
        });
      }
    }
    return found;
  });
}

function versionOperations(group: DiscoveryGroup, version: DiscoveryGroup['versions'][number]): Operation[] {
  return [resourcesOperation(group.name, version.name), ...version.served.flatMap(resourceOperations)];
}

function isBuiltinGroup(group: DiscoveryGroup): boolean {
  if (group.name === '') return false;
  return group.versions.some(({ served }) =>
    served.some(({ definition }) => definition.origin === 'builtin'),
  );
}

function documentOf(source: DocumentSource): TextWithHash {
  return documents.getOrCompute(source.key, () => {
    const text = encodeJson(source.make());
    return { text, hash: sha512(text) };
  });
}

function hashOfDocument(source: DocumentSource): string {
  return documentHashes.getOrMake(source.key, () => documentOf(source).hash);
}

function withETag(text: string): TextWithETag {
  return { text, etag: `"${sha512(text)}"` };
}

function sha512(text: string): string {
  return createHash('sha512').update(text).digest('hex').toUpperCase();
}
