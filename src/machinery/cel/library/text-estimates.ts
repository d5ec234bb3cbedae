/** What Kubernetes expects of functions that cut and join texts, with the size of what they give. */
import {
  addEstimates,
  costMax,
  multiplyEstimates,
  type SizeEstimate,
  scaleEstimate,
  unknownSize,
} from '../cost-estimates.ts';
import type { CallEstimate, CallSite } from '../functions.ts';

const READ_FACTOR = 0.1;
const READ_AND_WRITE_FACTOR = 0.2;

export function estimateReplace(site: CallSite): CallEstimate | undefined {
  const { target, arguments: args, sizeOf } = site;
  const [from, to] = args;
  if (target === undefined || from === undefined || to === undefined) return undefined;
  const size = sizeOf(target);
  const resultSize = replacedSize(size, sizeOf(from), sizeOf(to));
  return { cost: scaleEstimate(size, READ_AND_WRITE_FACTOR), resultSize };
}

/** By an empty separator every character is a part; a literal limit bounds the number of parts. */
export function estimateSplit({ target, arguments: [, limit], sizeOf }: CallSite): CallEstimate | undefined {
  if (target === undefined) return undefined;
  const size = sizeOf(target);
  let max = size.max;
  // A negative limit is none to the function, and a huge one here.
  if (typeof limit?.literal === 'bigint') max = limit.literal < 0n ? costMax : Number(limit.literal);
  return { cost: scaleEstimate(size, READ_AND_WRITE_FACTOR), resultSize: { min: 0, max } };
}

export function estimateJoin(site: CallSite): CallEstimate | undefined {
  const { target, arguments: args, sizeOf, hintedSizeOf } = site;
  if (target === undefined) return undefined;
  const count = sizeOf(target);
  let resultSize: SizeEstimate = { min: 0, max: 0 };
  const [element] = target.type.parameters;
  if (element !== undefined) {
    const path = target.path && [...target.path, '@items'];
    resultSize = multiplyEstimates(count, hintedSizeOf({ path, type: element }) ?? unknownSize);
  }
  const [separator] = args;
  if (separator !== undefined) {
    const separators = { min: Math.max(0, count.min - 1), max: Math.max(0, count.max - 1) };
    resultSize = addEstimates(resultSize, multiplyEstimates(sizeOf(separator), separators));
  }
  return { cost: scaleEstimate(resultSize, READ_FACTOR), resultSize };
}

function replacedSize(text: SizeEstimate, from: SizeEstimate, to: SizeEstimate): SizeEstimate {
  // At most: small parts become large ones, as often as they fit; around an empty text goes one for each character.
  const most =
    from.min === 0
      ? { count: plusOne(text.max), kept: text.max }
      : to.max <= from.min
        ? { count: 0, kept: text.max }
        : { count: Math.ceil(text.max / from.min), kept: 0 };
  // At least: large parts become small ones.
  const least =
    from.max === 0
      ? { count: plusOne(text.min), kept: text.min }
      : from.max <= to.min
        ? { count: 0, kept: text.min }
        : { count: Math.ceil(text.min / from.max), kept: 0 };
  const replaced = multiplyEstimates({ min: least.count, max: most.count }, to);
  return addEstimates(replaced, { min: least.kept, max: most.kept });
}

function plusOne(count: number): number {
  return count < costMax ? count + 1 : count;
}
