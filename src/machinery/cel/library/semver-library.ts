import type { FunctionDeclaration } from '../functions.ts';
import { noSuchOverload } from '../numbers.ts';
import { boolType, CelType, intType, stringType } from '../types.ts';
import { type CelError, CelOpaque, type CelResult, type CelValue } from '../values.ts';
import { work } from '../work.ts';
import { faultOf, succeeds } from './faults.ts';
import {
  compareSemver,
  parseNormalizedSemver,
  parseSemver,
  type SemanticVersion,
  SemverError,
} from './semver.ts';
import { callOf, methodOf } from './signatures.ts';

export const semverType = new CelType({ kind: 'object', name: 'kubernetes.Semver' });

/** A semantic version. */
export class CelSemver extends CelOpaque {
  readonly type = semverType;
  readonly version: SemanticVersion;

  constructor(version: SemanticVersion) {
    super();
    this.version = version;
  }

  equals(other: CelValue): boolean | CelError {
    return other instanceof CelSemver ? compareSemver(this.version, other.version) === 0 : noSuchOverload;
  }
}

/** Kubernetes' functions on semantic versions, version 1 (with normalisation). */
export const semverFunctions: readonly FunctionDeclaration[] = [
  {
    name: 'semver',
    overloads: [
      { id: 'string_to_semver', ...callOf([stringType], semverType), evaluate: toSemver },
      { id: 'string_bool_to_semver', ...callOf([stringType, boolType], semverType), evaluate: toSemver },
    ],
  },
  {
    name: 'isSemver',
    overloads: [
      { id: 'is_semver_string', ...callOf([stringType], boolType), evaluate: isSemver },
      { id: 'is_semver_string_bool', ...callOf([stringType, boolType], boolType), evaluate: isSemver },
    ],
  },
  comparison('isGreaterThan', 'semver_is_greater_than', (order) => order > 0),
  comparison('isLessThan', 'semver_is_less_than', (order) => order < 0),
  comparison('compareTo', 'semver_compare_to', (order) => BigInt(order)),
  ...(['major', 'minor', 'patch'] as const).map((name) => ({
    name,
    overloads: [
      {
        id: `semver_${name}`,
        ...methodOf([semverType], intType),
        // Upstream turns the unsigned number into a signed one.
        evaluate: ({ version }: CelSemver) => BigInt.asIntN(64, version[name]),
      },
    ],
  })),
];

function parse(text: string, isNormalized: boolean): SemanticVersion {
  work(text.length);
  return isNormalized ? parseNormalizedSemver(text) : parseSemver(text);
}

function toSemver(text: string, isNormalized = false): CelResult {
  return faultOf(SemverError, () => new CelSemver(parse(text, isNormalized)));
}

function isSemver(text: string, isNormalized = false): boolean {
  return succeeds(SemverError, () => parse(text, isNormalized));
}

function comparison(
  name: string,
  id: string,
  read: (order: number) => boolean | bigint,
): FunctionDeclaration {
  const evaluate = (a: CelSemver, b: CelSemver) => read(compareSemver(a.version, b.version));
  const result = name === 'compareTo' ? intType : boolType;
  return { name, overloads: [{ id, ...methodOf([semverType, semverType], result), evaluate }] };
}
