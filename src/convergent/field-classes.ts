/** Fields of a kind that merge otherwise than their schema says, or that not every region may change. */
export interface FieldClasses {
  /** Fields (by their names from the root) that only the home of the object's logical cluster changes. */
  readonly homeOnly: readonly (readonly string[])[];
  /** Fields that are one register, whatever is in them. */
  readonly whole: readonly (readonly string[])[];
}

/**
 * What holds for every kind: taking a finalizer away lets something end, and who does that must be sure to be the only
 * one who decides.
 */
const COMMON: FieldClasses = { homeOnly: [['metadata', 'finalizers']], whole: [] };

/** By resource and group. An identity is a secret that is made once; an immutable spec has nothing that could merge. */
const OF_KINDS: Readonly<Record<string, Partial<FieldClasses>>> = {
  'apiexports.apis.kcp.io': {
    homeOnly: [
      ['spec', 'identity'],
      ['status', 'identityHash'],
    ],
  },
  'apiresourceschemas.apis.kcp.io': { whole: [['spec']] },
};

/** The classes of the fields of a kind. */
export function fieldClassesOf({
  group,
  resource,
}: {
  readonly group: string;
  readonly resource: string;
}): FieldClasses {
  const own = OF_KINDS[`${resource}.${group}`];
  return {
    homeOnly: [...COMMON.homeOnly, ...(own?.homeOnly ?? [])],
    whole: [...COMMON.whole, ...(own?.whole ?? [])],
  };
}

/** Where a deletion stands in the object: it is never taken back, and the earliest counts. */
export const DELETION_FIELDS: readonly string[] = ['deletionTimestamp', 'deletionGracePeriodSeconds'];

/** What of metadata is the object's identity, given at its creation, or counted; nobody edits it. */
export const GIVEN_METADATA: ReadonlySet<string> = new Set([
  'name',
  'generateName',
  'namespace',
  'uid',
  'creationTimestamp',
  'generation',
  'resourceVersion',
  'selfLink',
]);
