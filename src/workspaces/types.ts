import type { Paths } from '../api/mod.ts';
import { type LogicalCluster, limits } from '../base/mod.ts';
import type { DefinitionRegistry } from '../definitions/mod.ts';
import { type JsonObject, objectAt, objectsAt, textAt } from '../machinery/mod.ts';
import type { ObjectKey, Row } from '../store/mod.ts';
import { factsOf } from './facts.ts';
import { type MeantPlaces, meantByType, meantPlace, type Named } from './meant-places.ts';
import { BINDING_LIFECYCLE, PATH, TENANCY_GROUP, WORKSPACE_TYPES } from './names.ts';

/** A reference to a WorkspaceType, or to an APIExport. Without path: in the same workspace. */
export interface Reference {
  readonly path: string;
  readonly name: string;
  /**
   * The logical cluster that was meant by the path when it was written: what lies in another one by now is something
   * else. Undefined where whoever names it is asked what they may now.
   */
  readonly meant?: LogicalCluster | undefined;
}

/** `limitAllowedParents` and `limitAllowedChildren`: none at all, or only these and what extends them. */
export interface TypeLimit {
  readonly none: boolean;
  readonly types: readonly Reference[];
}

/** A WorkspaceType as far as it decides about workspaces. */
export interface WorkspaceType extends Reference {
  /** Where it lies: rights to it are rights there. */
  readonly cluster: LogicalCluster;
  readonly spec: TypeSpec;
}

export interface TypeSpec {
  /** Its canonical path, or empty. */
  readonly path: string;
  readonly initializer: boolean;
  readonly terminator: boolean;
  readonly extends: readonly Reference[];
  readonly additionalWorkspaceLabels: Readonly<Record<string, string>>;
  readonly defaultChild: Reference | undefined;
  readonly limitAllowedParents: TypeLimit | undefined;
  readonly limitAllowedChildren: TypeLimit | undefined;
  readonly defaultApiBindings: readonly Reference[];
  /** Workspaces that exist get them too, and what their providers ask for later. */
  readonly isMaintained: boolean;
}

/** How a row is read: by a write, so that its commit relies on it, or just so. */
export type ReadRow = (key: ObjectKey) => Row | undefined;

/** What is wrong with a type or the types that it names: the message is for whoever wanted to use it. */
export class TypeProblem extends Error {
  override readonly name = 'TypeProblem';
}

/** `path:name`, as kcp writes types and the initializers that are named after them. */
export function referenceText({ path, name }: Reference): string {
  return path === '' ? name : `${path}:${name}`;
}

/**
 * As whom the controller of a type has its turn in a workspace: by the logical cluster of the type, which nobody else can
 * come to have, unlike a path.
 */
export function lifecycleName({ cluster, name }: Pick<WorkspaceType, 'cluster' | 'name'>): string {
  return `${cluster}:${name}`;
}

/** Finds WorkspaceTypes where they lie. */
export class WorkspaceTypes {
  readonly #registry: DefinitionRegistry;
  readonly #paths: Paths;

  constructor(options: { readonly registry: DefinitionRegistry; readonly paths: Paths }) {
    this.#registry = options.registry;
    this.#paths = options.paths;
  }

  /** The type of that name in the workspace of that path; undefined when there is none. */
  find({ path, name, meant }: Reference, read: ReadRow): WorkspaceType | undefined {
    const cluster = this.#paths.resolve(path)?.cluster;
    if (cluster === undefined || (meant !== undefined && meant !== cluster)) return undefined;
    const key = this.#registry.ownKey({ cluster, group: TENANCY_GROUP, resource: WORKSPACE_TYPES, name });
    const row = key && read(key);
    if (row === undefined) return undefined;
    const spec = typeSpec(row);
    return { cluster, name, path: spec.path || path, spec };
  }

  /**
   * The type that a workspace in the workspace of path `from` means: with a path, the one there; without, that of
   * this workspace, or of the nearest one above it that has one, or of the root. Throws {@link TypeProblem}.
   */
  resolve(reference: Reference, from: string, read: ReadRow): WorkspaceType {
    if (reference.path !== '') {
      const type = this.find(reference, read);
      if (type === undefined) throw notResolved(reference);
      return type;
    }
    for (const path of ancestry(from)) {
      const type = this.find({ path, name: reference.name }, read);
      if (type !== undefined) return type;
    }
    throw notResolved(reference);
  }

  /**
   * All types that a type extends, whatever they extend, and itself, which comes last. Throws {@link TypeProblem} for
   * one that is missing, for a circle, and for more than anybody needs.
   */
  lineage(type: WorkspaceType, read: ReadRow): readonly WorkspaceType[] {
    const seen = new Set<string>();
    const inherited: WorkspaceType[] = [];
    const visit = (heir: WorkspaceType, line: readonly string[]): void => {
      const here = [...line, referenceText(heir)];
      seen.add(referenceText(heir));
      for (const extended of heir.spec.extends) {
        const reference = namedBy(heir, extended);
        const text = referenceText(reference);
        if (here.includes(text)) {
          const circle = [...here.slice(here.indexOf(text)), text].join(' -> ');
          throw new TypeProblem(`circular dependency detected in workspace type ${text}: ${circle}`);
        }
        if (seen.has(text)) continue;
        const found = this.find(reference, read);
        if (found === undefined) throw new TypeProblem(`unable to find inherited workspace type ${text}`);
        inherited.push(found);
        if (inherited.length > limits.workspaceTypesExtendedMax) {
          throw new TypeProblem(
            `workspace type ${referenceText(type)} extends more than ${limits.workspaceTypesExtendedMax} types`,
          );
        }
        visit(found, here);
      }
    };
    visit(type, []);
    return [...inherited, type];
  }
}

/** What a type names, seen from anywhere: without path, it lies beside the type. */
export function namedBy(type: WorkspaceType, reference: Reference): Reference {
  return reference.path === '' ? { ...reference, path: type.path, meant: type.cluster } : reference;
}

/** A path, the paths above it, and the root, where types are looked for last. */
function ancestry(path: string): readonly string[] {
  const parts = path.split(':');
  const paths = parts.map((_, index) => parts.slice(0, parts.length - index).join(':'));
  return paths.at(-1) === 'root' ? paths : [...paths, 'root'];
}

function notResolved(reference: Reference): TypeProblem {
  return new TypeProblem(`workspace type "${referenceText(reference)}" cannot be resolved`);
}

const typeSpec = factsOf((object, row): TypeSpec => typeSpecOf(object, meantByType(row)));

/** What a WorkspaceType says, and what it means by the paths in it. */
export function typeSpecOf(object: JsonObject, places: MeantPlaces): TypeSpec {
  const spec = objectAt(object, 'spec');
  const annotations = objectAt(objectAt(object, 'metadata'), 'annotations');
  const child = objectAt(spec, 'defaultChildWorkspaceType');
  const labels = Object.entries(objectAt(spec, 'additionalWorkspaceLabels') ?? {});
  return {
    path: textAt(annotations, PATH),
    initializer: spec?.['initializer'] === true,
    terminator: spec?.['terminator'] === true,
    extends: objectsAt(objectAt(spec, 'extend'), 'with').map((entry) => typeNamed(entry, places)),
    additionalWorkspaceLabels: Object.fromEntries(
      labels.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    ),
    defaultChild: child && typeNamed(child, places),
    limitAllowedParents: limitOf(objectAt(spec, 'limitAllowedParents'), places),
    limitAllowedChildren: limitOf(objectAt(spec, 'limitAllowedChildren'), places),
    defaultApiBindings: objectsAt(spec, 'defaultAPIBindings').map((entry) => {
      const reference = { path: textAt(entry, 'path'), name: textAt(entry, 'export') };
      return { ...reference, meant: meantPlace(places, { kind: 'export', ...reference }) };
    }),
    isMaintained: isMaintained(textAt(annotations, BINDING_LIFECYCLE), spec),
  };
}

/** All that a type names elsewhere. */
export function namesOf(spec: TypeSpec): readonly Named[] {
  const { limitAllowedParents, limitAllowedChildren, defaultChild } = spec;
  const types = [
    ...spec.extends,
    ...(defaultChild === undefined ? [] : [defaultChild]),
    ...(limitAllowedParents?.types ?? []),
    ...(limitAllowedChildren?.types ?? []),
  ];
  return [
    ...types.map((type): Named => ({ kind: 'type', ...type })),
    ...spec.defaultApiBindings.map((found): Named => ({ kind: 'export', ...found })),
  ];
}

const MAINTAIN = 'Maintain';
const LIFECYCLES: readonly string[] = [MAINTAIN, 'InitializeOnly'];

function isMaintained(annotation: string, spec: JsonObject | undefined): boolean {
  const said = LIFECYCLES.includes(annotation) ? annotation : textAt(spec, 'defaultAPIBindingLifecycle');
  return said === MAINTAIN;
}

function typeNamed(object: JsonObject, places: MeantPlaces): Reference {
  const reference = { path: textAt(object, 'path'), name: textAt(object, 'name') };
  return { ...reference, meant: meantPlace(places, { kind: 'type', ...reference }) };
}

function limitOf(object: JsonObject | undefined, places: MeantPlaces): TypeLimit | undefined {
  if (object === undefined) return undefined;
  const types = objectsAt(object, 'types').map((entry) => typeNamed(entry, places));
  return { none: object['none'] === true, types };
}
