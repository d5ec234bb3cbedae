import type { Schema } from '../../machinery/mod.ts';
import { META_PREFIX, SCALE, V3_PREFIX } from './component-names.ts';

export const VERSION_INFO = 'io.k8s.apimachinery.pkg.version.Info';
export const API_VERSIONS = `${META_PREFIX}.APIVersions`;
export const API_GROUP_LIST = `${META_PREFIX}.APIGroupList`;
export const API_GROUP = `${META_PREFIX}.APIGroup`;
export const API_RESOURCE_LIST = `${META_PREFIX}.APIResourceList`;

const API_RESOURCE = `${META_PREFIX}.APIResource`;
const GROUP_VERSION = `${META_PREFIX}.GroupVersionForDiscovery`;
const SERVER_ADDRESS = `${META_PREFIX}.ServerAddressByClientCIDR`;

// The conformance tests of published CRDs look for the first words of these in `kubectl explain`.
export const API_VERSION_TEXT =
  'APIVersion defines the schema that this object is written in, as group and version, for example `apps.example.com/v1`.';
export const METADATA_TEXT = "Standard object's metadata: name, labels and other data common to all objects.";

export const KIND_TEXT =
  'Kind of this object, in CamelCase. It follows from the endpoint and cannot be changed.';
export const LIST_METADATA_TEXT = 'Version and paging of this list.';

/** The components of answers that belong to no kind, for documents whose built-in kinds do not bring them. */
export const commonComponents: Readonly<Record<string, Schema>> = {
  [VERSION_INFO]: {
    type: 'object',
    description: 'The version of the server, and of the API it behaves like.',
    properties: {
      major: text('Major version of the API.'),
      minor: text('Minor version of the API.'),
      emulationMajor: text('Major version that is emulated.'),
      emulationMinor: text('Minor version that is emulated.'),
      minCompatibilityMajor: text('Major version of the oldest compatible API.'),
      minCompatibilityMinor: text('Minor version of the oldest compatible API.'),
      gitVersion: text('Version as a semantic version with a leading v.'),
      gitCommit: text('Commit that the server was built from.'),
      gitTreeState: text('Whether the tree had changes when the server was built.'),
      buildDate: text('When the server was built.'),
      goVersion: text('Toolchain version, for clients that expect the field.'),
      compiler: text('Compiler, for clients that expect the field.'),
      platform: text('Operating system and architecture.'),
    },
    required: [
      'major',
      'minor',
      'gitVersion',
      'gitCommit',
      'gitTreeState',
      'buildDate',
      'goVersion',
      'compiler',
      'platform',
    ],
  },
  [API_VERSIONS]: kindOf(
    'The versions of the core group.',
    {
      versions: { type: 'array', items: { type: 'string' }, description: 'Versions that are served.' },
      serverAddressByClientCIDRs: listOf(
        SERVER_ADDRESS,
        'Addresses of this server by network of the client.',
      ),
    },
    ['versions', 'serverAddressByClientCIDRs'],
  ),
  [API_GROUP_LIST]: kindOf(
    'The API groups of this server, without the core group.',
    { groups: listOf(API_GROUP, 'The groups, in order of preference.') },
    ['groups'],
  ),
  [API_GROUP]: kindOf(
    'The versions of one API group.',
    {
      name: text('Name of the group.'),
      versions: listOf(GROUP_VERSION, 'Versions that are served, in order of preference.'),
      preferredVersion: refTo(GROUP_VERSION, 'The version that clients should choose.'),
      serverAddressByClientCIDRs: listOf(
        SERVER_ADDRESS,
        'Addresses of this server by network of the client.',
      ),
    },
    ['name', 'versions'],
  ),
  [API_RESOURCE_LIST]: kindOf(
    'The resources of one group and version.',
    {
      groupVersion: text('The group and version.'),
      resources: listOf(API_RESOURCE, 'Resources and their subresources.'),
    },
    ['groupVersion', 'resources'],
  ),
  [API_RESOURCE]: {
    type: 'object',
    description: 'A resource or subresource and what can be done with it.',
    properties: {
      name: text('Plural name, with `/<subresource>` appended for a subresource.'),
      singularName: text('Singular name.'),
      namespaced: { type: 'boolean', description: 'Whether objects live in namespaces.' },
      group: text('Group of the kind, where it differs from that of the list.'),
      version: text('Version of the kind, where it differs from that of the list.'),
      kind: text('Kind of the objects.'),
      verbs: { type: 'array', items: { type: 'string' }, description: 'Verbs that are supported.' },
      shortNames: { type: 'array', items: { type: 'string' }, description: 'Abbreviations for people.' },
      categories: {
        type: 'array',
        items: { type: 'string' },
        description: 'Groups of resources, such as `all`.',
      },
      storageVersionHash: text('Changes with the version that objects are stored in.'),
    },
    required: ['name', 'singularName', 'namespaced', 'kind', 'verbs'],
  },
  [GROUP_VERSION]: {
    type: 'object',
    description: 'A group and version.',
    properties: {
      groupVersion: text('Group and version, joined by a slash.'),
      version: text('The version alone.'),
    },
    required: ['groupVersion', 'version'],
  },
  [SERVER_ADDRESS]: {
    type: 'object',
    description: 'The address at which clients of one network reach the server.',
    properties: {
      clientCIDR: text('Network of the client.'),
      serverAddress: text('Host and port of the server.'),
    },
    required: ['clientCIDR', 'serverAddress'],
  },
};

/** Kinds of the common components, for their `x-kubernetes-group-version-kind`. */
export const commonComponentKinds: Readonly<
  Record<string, { group: string; version: string; kind: string }>
> = {
  [SCALE]: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
  [`${META_PREFIX}.Status`]: { group: '', version: 'v1', kind: 'Status' },
  [API_VERSIONS]: { group: '', version: 'v1', kind: 'APIVersions' },
  [API_GROUP_LIST]: { group: '', version: 'v1', kind: 'APIGroupList' },
  [API_GROUP]: { group: '', version: 'v1', kind: 'APIGroup' },
  [API_RESOURCE_LIST]: { group: '', version: 'v1', kind: 'APIResourceList' },
};

function text(description: string): Schema {
  return { type: 'string', description };
}

function refTo(component: string, description: string): Schema {
  return { allOf: [{ $ref: `${V3_PREFIX}${component}` }], description };
}

function listOf(component: string, description: string): Schema {
  return { type: 'array', items: { $ref: `${V3_PREFIX}${component}` }, description };
}

function kindOf(
  description: string,
  properties: Readonly<Record<string, Schema>>,
  required?: readonly string[],
): Schema {
  return {
    type: 'object',
    description,
    properties: { apiVersion: text(API_VERSION_TEXT), kind: text(KIND_TEXT), ...properties },
    ...(required === undefined ? {} : { required }),
  };
}
