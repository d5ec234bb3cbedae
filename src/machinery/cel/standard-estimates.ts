import {
  addEstimates,
  costMax,
  fixed,
  multiplyEstimates,
  type SizeEstimate,
  scaleEstimate,
} from './cost-estimates.ts';
import type { CallEstimate, CallSite } from './functions.ts';
import { costs, shorterOperandIds } from './standard-costs.ts';

/** What a call of the language's own functions costs, without its arguments; undefined is 1. */
export function estimateStandardCall(site: CallSite): CallEstimate | undefined {
  if (shorterOperandIds.has(site.overloadId)) return estimateComparison(site);
  const count = site.arguments.length;
  switch (site.overloadId) {
    case 'string_format':
      return site.target === undefined ? undefined : { cost: traversal(site.sizeOf(site.target)) };
    case 'string_to_bytes':
      return count === 1 ? estimateConversion(site, encodedSize) : undefined;
    case 'bytes_to_string':
      return count === 1 ? estimateConversion(site, decodedSize) : undefined;
    case 'strings_quote':
      return count === 1 ? estimateConversion(site, quotedSize) : undefined;
    case 'starts_with_string':
    case 'ends_with_string':
      return count === 1 ? { cost: traversal(site.sizeOf(site.arguments[0]!)) } : undefined;
    case 'in_list':
      return count === 2 ? { cost: site.sizeOf(site.arguments[1]!) } : undefined;
    case 'matches_string':
      return estimateMatch(site);
    case 'contains_string':
      return estimateSearch(site);
    case 'add_string':
    case 'add_bytes':
    case 'add_list':
      return estimateConcatenation(site);
    default:
      return undefined;
  }
}

function traversal(size: SizeEstimate): SizeEstimate {
  return scaleEstimate(size, costs.traversal);
}

/** Four bytes per character at most. */
function encodedSize({ min, max }: SizeEstimate): SizeEstimate {
  return { min, max: wrapping(max, 4) };
}

function decodedSize({ min, max }: SizeEstimate): SizeEstimate {
  return { min: Math.floor(min / 4), max };
}

function quotedSize({ min, max }: SizeEstimate): SizeEstimate {
  return { min: min + 2, max: max === costMax ? 0 : max * 2 + 2 };
}

/** cel-go multiplies here without looking for an overflow; the largest size stays about as large. */
function wrapping(size: number, factor: number): number {
  return Math.min(size * factor, costMax);
}

function estimateConversion(site: CallSite, resultOf: (size: SizeEstimate) => SizeEstimate): CallEstimate {
  const size = site.sizeOf(site.arguments[0]!);
  return { cost: traversal(size), resultSize: resultOf(size) };
}

function estimateMatch(site: CallSite): CallEstimate | undefined {
  if (site.target === undefined || site.arguments.length !== 1) return undefined;
  const text = traversal(addEstimates(site.sizeOf(site.target), fixed(1)));
  return { cost: multiplyEstimates(text, scaleEstimate(site.sizeOf(site.arguments[0]!), costs.pattern)) };
}

function estimateSearch(site: CallSite): CallEstimate | undefined {
  if (site.target === undefined || site.arguments.length !== 1) return undefined;
  return {
    cost: multiplyEstimates(traversal(site.sizeOf(site.target)), traversal(site.sizeOf(site.arguments[0]!))),
  };
}

function estimateConcatenation(site: CallSite): CallEstimate | undefined {
  if (site.arguments.length !== 2) return undefined;
  const size = addEstimates(site.sizeOf(site.arguments[0]!), site.sizeOf(site.arguments[1]!));
  return { cost: site.overloadId === 'add_list' ? fixed(costs.call) : traversal(size), resultSize: size };
}

function estimateComparison(site: CallSite): CallEstimate {
  const max = Math.min(site.sizeOf(site.arguments[0]!).max, site.sizeOf(site.arguments[1]!).max);
  return { cost: traversal({ min: max > 0 ? 1 : 0, max }) };
}
