import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultRoundTrips, pairsOf, parseRegions, parseRoundTrips, roundTripMs } from './settings.ts';

describe('the regions of a planet', () => {
  it('are read from a list with commas', () => {
    expect(parseRegions('eu, us,ap')).toEqual(['eu', 'us', 'ap']);
    expect(parseRegions('eu-west')).toEqual(['eu-west']);
  });

  it.each([
    ['', /such as eu,us,ap, but "" is none/],
    ['eu,,us', /but "" is none/],
    ['EU', /lower-case/],
    ['eu,us,eu', /"eu" twice; give each region a name of its own/],
    ['nearest,us', /cannot name a region "nearest"/],
    ['a,b,c,d,e,f,g,h,i', /names 9 regions, but a planet has at most 8; leave some out/],
    ['x'.repeat(33), /at most 32/],
  ])('are refused as %j', (text, message) => {
    expect(() => parseRegions(text)).toThrow(message);
  });
});

describe('the round trips of a planet', () => {
  it('are of links between two of its regions, in either order', () => {
    const roundTrips = parseRoundTrips('us-eu=80,us-ap=150.5ms', ['eu', 'us', 'ap']);
    expect(roundTrips).toEqual([
      { between: ['eu', 'us'], ms: 80 },
      { between: ['us', 'ap'], ms: 150.5 },
    ]);
    expect(roundTripMs({ roundTrips }, ['eu', 'us'])).toBe(80);
    expect(roundTripMs({ roundTrips }, ['eu', 'ap'])).toBe(0);
  });

  it('are told apart where names have hyphens', () => {
    expect(parseRoundTrips('eu-west-us-east=70', ['eu-west', 'us-east'])).toEqual([
      { between: ['eu-west', 'us-east'], ms: 70 },
    ]);
  });

  it('are by default those of the default regions that there are', () => {
    expect(defaultRoundTrips(['us', 'ap', 'mars'])).toEqual([{ between: ['us', 'ap'], ms: 150 }]);
    expect(defaultRoundTrips(['here'])).toEqual([]);
  });

  it.each([
    ['eu-us', /milliseconds, such as eu-us=80/],
    ['eu-us=fast', /but "eu-us=fast" is none/],
    ['eu-us=-1', /is none/],
    ['eu-us=80=90', /is none/],
    ['eu-mars=80', /the regions are eu, us; name two of them, such as eu-us=80/],
    ['eu-eu=80', /name two of them/],
    ['eu-us=80,us-eu=90', /the link eu-us twice/],
    ['eu-us=60001', /at most 60000/],
  ])('are refused as %j', (text, message) => {
    expect(() => parseRoundTrips(text, ['eu', 'us'])).toThrow(message);
  });

  it('reads back what it is given, whatever the regions are called', () => {
    const name = fc.stringMatching(/^[a-z][a-z-]{0,5}[a-z]$/);
    fc.assert(
      fc.property(
        fc.uniqueArray(name, { minLength: 2, maxLength: 5 }),
        fc.integer({ min: 0, max: 999 }),
        (regions, ms) => {
          const links = pairsOf(regions).map((pair) => pair.join('-'));
          // Names such as a, b-c and a-b, c make the same text of two links: those nobody can tell apart.
          fc.pre(
            new Set(pairsOf(regions).flatMap(([a, b]) => [`${a}-${b}`, `${b}-${a}`])).size ===
              links.length * 2,
          );
          const read = parseRoundTrips(
            links.map((link, index) => `${link}=${ms + index}`).join(','),
            regions,
          );
          expect(read.map(({ between }) => between)).toEqual(pairsOf(regions));
          expect(read.map((each) => each.ms)).toEqual(links.map((_, index) => ms + index));
        },
      ),
    );
  });
});
