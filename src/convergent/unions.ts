import type { Schema } from '../machinery/mod.ts';

/**
 * The fields of a schema node of which exactly or at most one may be there: each group merges as one register, as two
 * regions that choose differently would otherwise make an object with both. A `oneOf` over required fields says so
 * (fields that its branches describe, such as a discriminator, belong to the choice), and the usual rules in CEL.
 * Groups are sorted and do not overlap.
 */
export function unionsOf(schema: Schema | undefined): readonly (readonly string[])[] {
  if (schema === undefined) return NONE;
  const groups = [schema, ...(schema.allOf ?? [])].flatMap(({ oneOf }) => {
    const names = namesOfChoice(oneOf ?? []);
    return names === undefined ? [] : [names];
  });
  for (const { rule } of schema['x-kubernetes-validations'] ?? []) {
    const names = namesOfRule(rule);
    if (names !== undefined) groups.push(names);
  }
  return groups.length === 0 ? NONE : joined(groups);
}

const NONE: readonly (readonly string[])[] = [];

/** `has(self.a) != has(self.b)` */
const EITHER = /^\s*has\(self\.(\w+)\)\s*!=\s*has\(self\.(\w+)\)\s*$/;
/** `!(has(self.a) && has(self.b))` */
const NOT_BOTH = /^\s*!\s*\(\s*has\(self\.(\w+)\)\s*&&\s*has\(self\.(\w+)\)\s*\)\s*$/;
/** `[has(self.a),has(self.b)].filter(x,x==true).size() == 1`, as generators of CRDs write it; `<=` for at most one. */
const COUNTED =
  /^\s*\[((?:\s*has\(self\.\w+\)\s*,?)+)\]\.filter\(x,\s*x\s*==\s*true\)\.size\(\)\s*(?:==|<=)\s*1\s*$/;
/** Rules are texts of tenants, and longer ones are no such rule. */
const RULE_LENGTH_MAX = 1_000;

function namesOfRule(rule: string): ReadonlySet<string> | undefined {
  if (rule.length > RULE_LENGTH_MAX) return undefined;
  const pair = EITHER.exec(rule) ?? NOT_BOTH.exec(rule);
  if (pair !== null) return new Set([pair[1]!, pair[2]!]);
  const counted = COUNTED.exec(rule)?.[1];
  if (counted === undefined) return undefined;
  return new Set([...counted.matchAll(/self\.(\w+)/g)].map((match) => match[1]!));
}

function namesOfChoice(branches: readonly Schema[]): ReadonlySet<string> | undefined {
  if (branches.length === 0 || !branches.every(({ required }) => (required?.length ?? 0) > 0))
    return undefined;
  return new Set(
    branches.flatMap(({ required, properties }) => [...required!, ...Object.keys(properties ?? {})]),
  );
}

/** Groups that share a field are one. */
function joined(groups: readonly ReadonlySet<string>[]): readonly (readonly string[])[] {
  const out: Set<string>[] = [];
  for (const group of groups) {
    const union = new Set(group);
    for (let index = out.length - 1; index >= 0; index--) {
      if (![...out[index]!].some((name) => union.has(name))) continue;
      for (const name of out[index]!) union.add(name);
      out.splice(index, 1);
    }
    out.push(union);
  }
  // A path has no place for a field without a name, which no real schema declares.
  return out.filter((names) => !names.has('')).map((names) => [...names].sort());
}
