/**
 * What Kubernetes expects calls to cost before they are made, the counterpart of kubernetes-costs.ts. These numbers
 * decide which rules a CRD may have.
 */
import {
  addEstimates,
  type CostEstimate,
  fixed,
  multiplyEstimates,
  type SizeEstimate,
  scaleEstimate,
  unknownSize,
} from '../cost-estimates.ts';
import type { CallEstimate, CallEstimator, CallSite } from '../functions.ts';
import { type CelType, isSameType } from '../types.ts';
import { estimateJoin, estimateReplace, estimateSplit } from './text-estimates.ts';

export const estimateKubernetesCall: CallEstimator = (site) => estimators.get(site.functionName)?.(site);

const TEXT_FACTOR = 0.1;
const PATTERN_FACTOR = 0.25;
/** The longest pattern that a named format is counted with. */
const FORMAT_PATTERN_LENGTH_MAX = 128;
/** The longest name of a named format. */
const FORMAT_NAME_LENGTH_MAX = 64;
/** Addresses have 4 or 16 bytes. */
const ADDRESS_SIZE: SizeEstimate = { min: 4, max: 16 };

const one: CallEstimator = () => ({ cost: fixed(1) });

/** By the first argument, a text. */
function byText(factor: number): CallEstimator {
  return ({ arguments: [text], sizeOf }) =>
    text === undefined ? undefined : { cost: scaleEstimate(sizeOf(text), factor) };
}

const estimators: ReadonlyMap<string, CallEstimator> = new Map<string, CallEstimator>([
  ...forAll(['isSorted', 'sum', 'max', 'min', 'indexOf', 'lastIndexOf'], estimateTraversal),
  [
    'url',
    ({ arguments: [text], sizeOf }) =>
      text && { cost: scaleEstimate(sizeOf(text), TEXT_FACTOR), resultSize: sizeOf(text) },
  ],
  ...forAll(
    ['lowerAscii', 'upperAscii', 'substring', 'trim'],
    ({ target, sizeOf }) =>
      target && { cost: scaleEstimate(sizeOf(target), TEXT_FACTOR), resultSize: sizeOf(target) },
  ),
  ['replace', estimateReplace],
  ['split', estimateSplit],
  ['join', estimateJoin],
  ...forAll(['find', 'findAll'], estimateFind),
  ...forAll(['cidr', 'isIP', 'isCIDR', 'quantity', 'isQuantity', 'semver', 'isSemver'], byText(TEXT_FACTOR)),
  ['ip', (site) => (site.overloadId === 'cidr_ip' ? one(site) : byText(TEXT_FACTOR)(site))],
  ['ip.isCanonical', byText(2 * TEXT_FACTOR)],
  ['containsIP', estimateContainsIp],
  ['containsCIDR', estimateContainsCidr],
  [
    'validate',
    ({ arguments: [text], sizeOf }) =>
      text && {
        cost: scaleEstimate(
          scaleEstimate(sizeOf(text), TEXT_FACTOR),
          FORMAT_PATTERN_LENGTH_MAX * PATTERN_FACTOR,
        ),
      },
  ],
  ['_==_', estimateEquality],
  ...forAll(
    [
      ...['masked', 'prefixLength', 'family', 'isUnspecified', 'isLoopback', 'isLinkLocalMulticast'],
      ...['isLinkLocalUnicast', 'isGlobalUnicast', 'format.named', 'sign', 'asInteger', 'isInteger'],
      ...['asApproximateFloat', 'isGreaterThan', 'isLessThan', 'compareTo', 'add', 'sub', 'major', 'minor'],
      ...['patch', 'getScheme', 'getHostname', 'getHost', 'getPort', 'getEscapedPath', 'getQuery'],
      ...['serviceAccount', 'path', 'group', 'resource', 'subresource', 'namespace', 'name', 'allowed'],
      ...['reason', 'error', 'errored'],
    ],
    one,
  ),
  ['check', () => ({ cost: fixed(350_000) })],
]);

function forAll(
  names: readonly string[],
  estimator: CallEstimator,
): readonly (readonly [string, CallEstimator])[] {
  return names.map((name) => [name, estimator] as const);
}

/** One for each element, and more for texts; a text that is searched is read once. */
function estimateTraversal({ target, sizeOf, hintedSizeOf }: CallSite): CallEstimate | undefined {
  if (target === undefined) return undefined;
  const [element] = target.type.parameters;
  if (element === undefined) return { cost: scaleEstimate(sizeOf(target), TEXT_FACTOR) };
  let elementCost: CostEstimate = fixed(1);
  if (element.kind === 'string' || element.kind === 'bytes') {
    const path = target.path && [...target.path, '@items'];
    const size = hintedSizeOf({ path, type: element }) ?? unknownSize;
    elementCost = addEstimates(elementCost, scaleEstimate(size, TEXT_FACTOR));
  }
  return { cost: multiplyEstimates(sizeOf(target), elementCost) };
}

function estimateFind({ target, arguments: [pattern], sizeOf }: CallSite): CallEstimate | undefined {
  if (target === undefined || pattern === undefined) return undefined;
  const size = sizeOf(target);
  const textCost = scaleEstimate(addEstimates(size, fixed(1)), TEXT_FACTOR);
  const patternCost = scaleEstimate(sizeOf(pattern), PATTERN_FACTOR);
  return { cost: multiplyEstimates(textCost, patternCost), resultSize: { min: 0, max: size.max } };
}

function estimateContainsIp(site: CallSite): CallEstimate | undefined {
  return containsEstimate(site, {
    textOverload: 'cidr_contains_ip_string',
    extra: fixed(0),
  });
}

function estimateContainsCidr(site: CallSite): CallEstimate | undefined {
  return containsEstimate(site, {
    textOverload: 'cidr_contains_cidr_string',
    extra: addEstimates(scaleEstimate(ADDRESS_SIZE, TEXT_FACTOR), fixed(1)),
  });
}

function containsEstimate(
  { overloadId, arguments: [other], sizeOf }: CallSite,
  { textOverload, extra }: { readonly textOverload: string; readonly extra: CostEstimate },
): CallEstimate | undefined {
  if (other === undefined) return undefined;
  const compared = scaleEstimate(addEstimates(ADDRESS_SIZE, ADDRESS_SIZE), TEXT_FACTOR);
  const parsed = overloadId === textOverload ? scaleEstimate(sizeOf(other), TEXT_FACTOR) : fixed(0);
  return { cost: addEstimates(addEstimates(compared, extra), parsed) };
}

const CHEAP_TO_COMPARE: ReadonlySet<string> = new Set([
  'net.IP',
  'net.CIDR',
  'kubernetes.Quantity',
  'kubernetes.Semver',
]);

function estimateEquality({ arguments: [left, right] }: CallSite): CallEstimate | undefined {
  if (left === undefined || right === undefined || !isSameType(left.type, right.type)) return undefined;
  const { name }: CelType = left.type;
  if (CHEAP_TO_COMPARE.has(name)) return { cost: fixed(1) };
  const sizeMax =
    name === 'kubernetes.NamedFormat'
      ? FORMAT_NAME_LENGTH_MAX
      : name === 'kubernetes.URL'
        ? (right.computedSize?.max ?? 1)
        : undefined;
  if (sizeMax === undefined) return undefined;
  return { cost: scaleEstimate({ min: 1, max: sizeMax }, TEXT_FACTOR) };
}
