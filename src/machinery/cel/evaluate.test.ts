import { describe, expect, it } from 'vitest';
import { compile, evaluate, LazyObject, widget, widgetEnvironment } from './cel.suite.ts';
import { standardEnvironment } from './standard-environment.ts';
import { dynType, intType, listType, opaqueType, stringType } from './types.ts';
import { CelArray, CelError, CelList, CelOpaque, type CelResult, type CelValue } from './values.ts';

describe('an evaluation', () => {
  it.each([
    ['self.replicas <= self.maxReplicas', 'true'],
    ['self.ports.map(p, p + 1)', '[81, 444]'],
    ['self.ports.filter(p, p > 100)', '[443]'],
    ['self.ports.exists_one(p, p == 80)', 'true'],
    ['self.labels.all(k, self.labels[k] == "web")', 'true'],
    ['self.ports.transformMap(i, p, p)', '{0: 80, 1: 443}'],
    ['self.labels.transformMapEntry(k, v, {v: k})', '{web: app}'],
    ['has(self.name) && !has(self.labels.none)', 'true'],
    ['self.labels.?none.orValue("x")', 'x'],
    ['self.labels[?"app"].optMap(v, v + "!")', 'optional(web!)'],
    ['[?self.labels.?none, ?self.labels.?app]', '[web]'],
    ['{?"a": self.labels.?none}', '{}'],
    ['1 == 1.0 && 1u == 1', 'fault'],
    ['dyn(1) == 1.0 && dyn(1u) == 1 && dyn(2) < 2.5', 'true'],
    ['string(1e6) + string(1.5) + string(0.00001)', '1e+061.51e-05'],
    ['timestamp("2024-02-29T12:00:00Z").getDayOfYear()', '59'],
    ['timestamp("2024-07-01T12:00:00Z").getHours("America/New_York")', '8'],
    ['timestamp("2024-07-01T12:00:00Z").getHours("-02:30")', '9'],
    ['string(duration("1h30m") + duration("500ms"))', '5400.5s'],
    ['"wörld😀".size()', '6'],
    ['b"\\xff" == bytes("\\u00ff")', 'false'],
  ])('of %s gives %s', (source, text) => {
    if (text === 'fault') expect(() => compile(source)).toThrow('found no matching overload');
    else expect(evaluate(source)).toBe(text);
  });

  it.each([
    ['1 / (self.replicas - 2)', 'division by zero'],
    ['1 % (self.replicas - 2)', 'modulus by zero'],
    ['9223372036854775807 + self.replicas', 'integer overflow'],
    ['self.ports[5]', 'index out of bounds: 5'],
    ['self.labels["x"]', 'no such key: x'],
    ['self.labels.x', 'no such key: x'],
    ['dyn(1) + self.name', 'no such overload'],
    ['dyn(true) + 1', 'no such overload: _+_'],
    ['self.ports.map(p, dyn(self))[0].x', 'no such key: x'],
    ['optional.none().value()', 'optional.none() dereference'],
    ['int(self.name)', "type conversion error from 'string' to 'int'"],
    ['self.labels.transformMapEntry(k, v, {"a": 1}).x', 'no such key: x'],
    ['self.ports.transformMapEntry(i, p, {"a": 1})', 'insert failed: key a already exists'],
  ])('of %s gives the fault "%s"', (source, message) => {
    expect(evaluate(source)).toBe(`fault: ${message}`);
  });

  it('absorbs a fault that the other side of && or || decides over, on either side', () => {
    expect(evaluate('1 / 0 == 1 || true')).toBe('true');
    expect(evaluate('false && 1 / 0 == 1')).toBe('false');
    expect(evaluate('self.ports.exists(p, p / 0 == 1 || p == 443)')).toBe('true');
    expect(evaluate('self.ports.all(p, p / (p - 80) == 1)')).toBe('fault: division by zero');
    expect(evaluate('1 / 0 == 1 || false')).toBe('fault: division by zero');
  });

  it('looks at no more of the input than the expression asks for', () => {
    const self = widget();
    evaluate('self.replicas > 1 || self.name == "x"', { self });
    expect(self.reads).toEqual(['replicas']);
  });

  it('takes the values of variables lazily from getters', () => {
    let reads = 0;
    const variables = {
      get self() {
        reads += 1;
        return widget();
      },
    };
    expect(evaluate('true || self.replicas == 1', variables)).toBe('true');
    expect(reads).toBe(0);
  });

  it('does not mistake fields that objects inherit for values', () => {
    const environment = standardEnvironment.extend({ variables: { self: dynType } });
    const self = new LazyObject({ a: 1n });
    expect(evaluate('has(self.b)', { self }, { environment })).toBe('false');
  });

  it('leaves a compiled expression as it was', () => {
    const compiled = compile('self.ports.map(p, p).size()');
    const first = compiled.evaluate({ self: widget() });
    expect(compiled.evaluate({ self: widget() })).toEqual(first);
  });
});

/** A list whose order does not matter, as Kubernetes' sets. */
class SetList extends CelList {
  readonly #items: readonly CelValue[];

  constructor(items: readonly CelValue[]) {
    super();
    this.#items = items;
  }

  get size(): number {
    return this.#items.length;
  }

  get(index: number): CelValue {
    return this.#items[index]!;
  }

  override equals(other: CelList): boolean {
    return this.size === other.size && this.#items.every((item) => new Set(listed(other)).has(item));
  }

  override concat(other: CelList): CelResult {
    return new SetList([...new Set([...this.#items, ...listed(other)])]);
  }
}

function listed(list: CelList): CelValue[] {
  return Array.from({ length: list.size }, (_, index) => list.get(index));
}

describe('values that others bring', () => {
  const environment = standardEnvironment.extend({ variables: { tags: listType(stringType) } });

  it('compare and add lists in their own way when they are on the left, as in cel-go', () => {
    const tags = new SetList(['a', 'b']);
    expect(evaluate("tags == ['b', 'a']", { tags }, { environment })).toBe('true');
    expect(evaluate("['b', 'a'] == tags", { tags }, { environment })).toBe('false');
    expect(evaluate("(tags + ['b', 'c']).size()", { tags }, { environment })).toBe('3');
  });

  it('may be of opaque types with functions and costs of their own', () => {
    const versionType = opaqueType('Version');
    class Version extends CelOpaque {
      readonly type = versionType;
      readonly #text: string;

      constructor(text: string) {
        super();
        this.#text = text;
      }

      get major(): bigint {
        return BigInt(this.#text.split('.')[0]!);
      }

      equals(other: CelValue): boolean {
        return other instanceof Version && other.#text === this.#text;
      }
    }
    const extended = environment.extend({
      constants: { Version: versionType },
      functions: [
        {
          name: 'version',
          overloads: [
            {
              id: 'string_to_version',
              parameters: [stringType],
              result: versionType,
              evaluate: (text: string) => (text === '' ? new CelError('empty version') : new Version(text)),
              cost: () => 7,
              estimateCost: () => ({ cost: { min: 7, max: 8 } }),
            },
          ],
        },
        {
          name: 'major',
          overloads: [
            {
              id: 'version_major',
              isMember: true,
              parameters: [versionType],
              result: intType,
              evaluate: (version: Version) => version.major,
            },
          ],
        },
      ],
    });
    const compiled = compile("version('3.1').major()", extended);
    expect(compiled.evaluate({ tags: new CelArray([]) })).toEqual({
      value: 3n,
      cost: 8,
      work: 0,
      isOverBudget: false,
    });
    expect(compiled.estimateCost()).toEqual({ min: 8, max: 9 });
    expect(evaluate("version('') == version('1')", {}, { environment: extended })).toBe(
      'fault: empty version',
    );
    expect(evaluate("type(version('1')) == Version", {}, { environment: extended })).toBe('true');
    expect(evaluate('dyn(1).major()', {}, { environment: extended })).toBe(
      'fault: no such overload: major(int)',
    );
  });

  it('extend an environment without changing it', () => {
    widgetEnvironment.extend({ variables: { other: intType } });
    expect(() => compile('other')).toThrow("undeclared reference to 'other'");
  });
});
