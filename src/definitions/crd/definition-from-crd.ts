import { createHash } from 'node:crypto';
import {
  apiVersionText,
  deepCopy,
  encodeJson,
  type JsonObject,
  type KubeObject,
  objectOf,
  objectsAt,
  type Schema,
  textAt,
  textsAt,
} from '../../machinery/mod.ts';
import { consistencyOf } from '../consistency.ts';
import { customResourcePrinter } from '../custom-resource-printer.ts';
import type {
  Definition,
  DefinitionVersion,
  Names,
  PrinterColumn,
  ScalePaths,
  Subresource,
  TablePrinter,
  Verb,
} from '../definition.ts';
import { compareKubeVersions } from '../kinds/order.ts';
import { conversionWebhookOf } from './conversion-review.ts';
import { type ConversionRules, compileConversionRules } from './conversion-rules.ts';
import { isConditionTrue, objectAt, specOf, statusOfCrd, type VersionView, versionsOf } from './crd-view.ts';
import { coerceConverted } from './custom-resource-codec.ts';
import { customResourceStrategy } from './custom-resource-strategy.ts';
import { valueAtPath } from './scale-validation.ts';

/**
 * The definition of the kind that a CRD describes, under the names that were accepted. It has all
 * versions, also those that are not served, because objects may be stored in them. The CRD must have
 * passed validation, and must not change afterwards. Validators and printers are made when they are needed.
 */
export function definitionFromCrd(crd: KubeObject): Definition {
  const spec = specOf(crd);
  const group = textAt(spec, 'group');
  const names = namesOf(crd);
  const views = versionsOf(crd);
  const versions = views.map(versionOf).sort((a, b) => compareKubeVersions(a.name, b.name));
  const storageVersion = views.find((view) => view.isStorage)?.name ?? '';
  const isTerminating = isTerminatingCrd(crd);
  const consistency = consistencyOf(spec['consistency']);
  const byName = new Map(versions.map((version) => [version.name, version]));
  const printers = new Map<string, TablePrinter>();
  const selectablePaths = new Map(
    versions.flatMap(({ selectableFields }) =>
      selectableFields.map((path) => [labelOf(path), path] as const),
    ),
  );

  return {
    origin: 'crd',
    group,
    names,
    scope: textAt(spec, 'scope') === 'Cluster' ? 'Cluster' : 'Namespaced',
    versions,
    storageVersion,
    verbs: VERBS,
    isTerminating,
    ...(consistency === undefined ? {} : { consistency }),
    hash: hashOf(crd, { names, isTerminating }),
    strategy: customResourceStrategy({
      group,
      kind: names.kind,
      storageVersion,
      versions,
      hasPathSegmentNames: spec['nameValidation'] === 'PathSegmentName',
    }),
    ...conversionOf(spec, { group, versions: byName }),
    selectable: (object) => selectableValues(object, selectablePaths),
    fieldLabels: (version) => (byName.get(version)?.selectableFields ?? []).map(labelOf),
    printer(version) {
      let printer = printers.get(version);
      if (printer === undefined) {
        printer = customResourcePrinter(byName.get(version)?.printerColumns ?? []);
        printers.set(version, printer);
      }
      return printer;
    },
  };
}

/** The hash of the definition that {@link definitionFromCrd} makes of a CRD, without making it. */
export function definitionHashOf(crd: KubeObject): string {
  return hashOf(crd, { names: namesOf(crd), isTerminating: isTerminatingCrd(crd) });
}

/** Of `spec.conversion`: the rules of an APIConversion, in CRDs that the server makes of APIResourceSchemas. */
export const CONVERSION_RULES = 'rules';

/** In the order in which discovery lists the verbs of custom resources. */
const VERBS: readonly Verb[] = [
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'create',
  'update',
  'watch',
];

const SUBRESOURCE_VERBS: readonly string[] = ['get', 'patch', 'update'];

function isTerminatingCrd(crd: KubeObject): boolean {
  return isConditionTrue(crd, 'Terminating') || typeof crd.metadata.deletionTimestamp === 'string';
}

function namesOf(crd: KubeObject): Names {
  const accepted = objectAt(statusOfCrd(crd), 'acceptedNames');
  const names = textAt(accepted, 'plural') === '' ? objectAt(specOf(crd), 'names') : accepted;
  const kind = textAt(names, 'kind');
  return {
    plural: textAt(names, 'plural'),
    singular: textAt(names, 'singular') || kind.toLowerCase(),
    kind,
    listKind: textAt(names, 'listKind') || `${kind}List`,
    shortNames: textsAt(names, 'shortNames'),
    categories: textsAt(names, 'categories'),
  };
}

function versionOf(view: VersionView): DefinitionVersion {
  const { raw, scale } = view;
  const warning = raw['deprecationWarning'];
  return {
    name: view.name,
    served: view.isServed,
    ...(raw['deprecated'] === true ? { deprecated: true } : {}),
    ...(typeof warning === 'string' ? { deprecationWarning: warning } : {}),
    schema: view.schema ?? ANY_OBJECT,
    subresources: subresourcesOf(view),
    ...(scale === undefined ? {} : { scale: scalePathsOf(scale) }),
    printerColumns: view.columns.map(columnOf),
    selectableFields: view.selectableFields.map((field) => textAt(field, 'jsonPath')),
  };
}

/** Only CRDs of a server before v1 have no schema; they keep everything. */
const ANY_OBJECT: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

/** In the order of upstream's discovery. */
function subresourcesOf(view: VersionView): Subresource[] {
  const subresources: Subresource[] = [];
  if (view.hasStatus) subresources.push({ name: 'status', verbs: SUBRESOURCE_VERBS });
  if (view.scale !== undefined)
    subresources.push({ name: 'scale', verbs: SUBRESOURCE_VERBS, kind: SCALE_KIND });
  return subresources;
}

const SCALE_KIND = { group: 'autoscaling', version: 'v1', kind: 'Scale' };

function scalePathsOf(scale: JsonObject): ScalePaths {
  const labelSelectorPath = textAt(scale, 'labelSelectorPath');
  return {
    specReplicasPath: textAt(scale, 'specReplicasPath'),
    statusReplicasPath: textAt(scale, 'statusReplicasPath'),
    ...(labelSelectorPath === '' ? {} : { labelSelectorPath }),
  };
}

function columnOf(column: JsonObject): PrinterColumn {
  const [format, description, priority] = [
    textAt(column, 'format'),
    textAt(column, 'description'),
    column['priority'],
  ];
  return {
    name: textAt(column, 'name'),
    type: textAt(column, 'type'),
    jsonPath: textAt(column, 'jsonPath'),
    ...(format === '' ? {} : { format }),
    ...(description === '' ? {} : { description }),
    ...(typeof priority === 'number' ? { priority } : {}),
  };
}

/** Everything that makes this definition behave as it does; descriptions count, since OpenAPI shows them. */
function hashOf(
  crd: KubeObject,
  { names, isTerminating }: { readonly names: Names; readonly isTerminating: boolean },
): string {
  const spec = specOf(crd);
  const content = objectOf({
    group: spec['group'],
    names: objectOf({ ...names, shortNames: [...names.shortNames], categories: [...names.categories] }),
    scope: spec['scope'],
    versions: spec['versions'],
    conversion: spec['conversion'],
    nameValidation: spec['nameValidation'],
    consistency: spec['consistency'],
    isTerminating,
  });
  return createHash('sha256').update(encodeJson(content)).digest('hex');
}

function conversionOf(
  spec: JsonObject,
  kind: { readonly group: string; readonly versions: ReadonlyMap<string, DefinitionVersion> },
): Pick<Definition, 'convert' | 'convertToShow' | 'conversion'> {
  if (kind.versions.size < 2) return {};
  const conversion = conversionWebhookOf(spec);
  if (conversion !== undefined) return { conversion };
  const rules = objectsAt(objectAt(spec, 'conversion'), CONVERSION_RULES);
  return rules.length === 0 ? { convert: converter(kind) } : ruleConverters(kind, rules);
}

/** Conversion strategy None: nothing but the version is rewritten, and what the other version lacks is lost. */
function converter({
  group,
  versions,
}: {
  readonly group: string;
  readonly versions: ReadonlyMap<string, DefinitionVersion>;
}): (object: KubeObject, toVersion: string) => KubeObject {
  return (object, toVersion) => {
    const version = versions.get(toVersion);
    const apiVersion = apiVersionText(group, toVersion);
    if (version === undefined || object.apiVersion === apiVersion) return object;
    const converted = deepCopy(object);
    converted.apiVersion = apiVersion;
    coerceConverted(converted, version);
    return converted;
  };
}

/** Conversion by the rules of an APIConversion, which are compiled when the first object has to be converted. */
function ruleConverters(
  { group, versions }: { readonly group: string; readonly versions: ReadonlyMap<string, DefinitionVersion> },
  conversions: readonly JsonObject[],
): Required<Pick<Definition, 'convert' | 'convertToShow'>> {
  let rules: ConversionRules | undefined;
  const convert = (object: KubeObject, toVersion: string, isToShow: boolean): KubeObject => {
    const version = versions.get(toVersion);
    const apiVersion = `${group}/${toVersion}`;
    if (version === undefined || object.apiVersion === apiVersion) return object;
    rules ??= compileConversionRules(
      conversions,
      new Map([...versions].map(([name, { schema }]) => [name, schema])),
    );
    const from =
      String(object.apiVersion ?? '')
        .split('/')
        .at(-1) ?? '';
    const converted = rules.convert(object, { from, to: toVersion, apiVersion, isToShow });
    coerceConverted(converted, version);
    return converted;
  };
  return {
    convert: (object, toVersion) => convert(object, toVersion, false),
    convertToShow: (object, toVersion) => convert(object, toVersion, true),
  };
}

/** Values of selectable fields as field selectors compare them: as text, and empty where there is none. */
function selectableValues(object: KubeObject, paths: ReadonlyMap<string, string>): Record<string, string> {
  const values = Object.create(null) as Record<string, string>;
  for (const [label, path] of paths) {
    const value = valueAtPath(object, path);
    const isScalar = value !== undefined && value !== null && typeof value !== 'object';
    values[label] = isScalar ? String(value) : '';
  }
  return values;
}

/** `.spec.color` is selected as `spec.color`. */
function labelOf(path: string): string {
  return path.replace(/^\./, '');
}
