/**
 * What Kubernetes charges for calls of its own functions and of those that it takes from cel-go's extensions
 * (apiserver's cel/library/cost.go). It goes by names, whatever the receiver: `indexOf` of a text costs what
 * `indexOf` of a list costs.
 */
import type { CostOverrides } from '../functions.ts';
import { CelList, CelMap, type CelResult } from '../values.ts';
import { actualSize } from './actual-size.ts';
import { CelCidr } from './cidr-library.ts';
import { CelFormat } from './format-library.ts';
import { CelIp } from './ip-library.ts';
import { estimateKubernetesCall } from './kubernetes-estimates.ts';
import { CelQuantity } from './quantity-library.ts';
import { CelSemver } from './semver-library.ts';
import { CelUrl } from './url-library.ts';

export const kubernetesCosts: CostOverrides = {
  callCost: ({ functionName, overloadId }, values, result) =>
    callCosts.get(functionName)?.(values, { overloadId, result }),
  estimateCall: estimateKubernetesCall,
};

type CallCost = (
  values: readonly CelResult[],
  call: { readonly overloadId: string; readonly result: CelResult },
) => number | undefined;

const TEXT_FACTOR = 0.1;
const PATTERN_FACTOR = 0.25;

const one: CallCost = () => 1;

/** Going once through the first value, which is text. */
const readOnce: CallCost = ([text]) => textCost(actualSize(text!));

/** Going through it and making another of the same size. */
const readTwice: CallCost = ([text]) => textCost(actualSize(text!) * 2);

const pattern: CallCost = ([text, expression]) =>
  matchCost(actualSize(text!), expression === undefined ? 0 : actualSize(expression));

const callCosts: ReadonlyMap<string, CallCost> = new Map<string, CallCost>([
  ...forAll(['isSorted', 'sum', 'max', 'min', 'indexOf', 'lastIndexOf'], ([list]) => traversalCost(list!)),
  ...forAll(['url', 'lowerAscii', 'upperAscii', 'substring', 'trim'], readOnce),
  ...forAll(['replace', 'split', 'ip.isCanonical'], readTwice),
  ['join', (_, { result }) => textCost(actualSize(result) * 2)],
  ...forAll(['find', 'findAll'], pattern),
  ...forAll(['cidr', 'isIP', 'isCIDR', 'quantity', 'isQuantity', 'semver', 'isSemver'], readOnce),
  ['ip', (values, call) => (call.overloadId === 'cidr_ip' ? 1 : readOnce(values, call))],
  [
    'containsIP',
    ([network, other], { overloadId }) =>
      textCost(actualSize(network!) * 2) +
      (overloadId === 'cidr_contains_ip_string' ? textCost(actualSize(other!)) : 0),
  ],
  [
    'containsCIDR',
    ([network, other], { overloadId }) =>
      textCost(actualSize(network!) * 2) +
      textCost(actualSize(network!)) +
      1 +
      (overloadId === 'cidr_contains_cidr_string' ? textCost(actualSize(other!)) : 0),
  ],
  [
    'validate',
    ([format, text]) =>
      format instanceof CelFormat ? matchCost(actualSize(text!), format.format.patternLength) : undefined,
  ],
  ['_==_', ([left]) => (isKubernetesValue(left!) ? 1 : undefined)],
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
  ['check', () => 350_000],
]);

function forAll(names: readonly string[], cost: CallCost): readonly (readonly [string, CallCost])[] {
  return names.map((name) => [name, cost] as const);
}

function textCost(size: number): number {
  return Math.ceil(size * TEXT_FACTOR);
}

/** The empty text costs something as well, since the pattern has to be made. */
function matchCost(textSize: number, patternLength: number): number {
  return textCost(textSize + 1) * Math.ceil(patternLength * PATTERN_FACTOR);
}

function isKubernetesValue(value: CelResult): boolean {
  return [CelQuantity, CelIp, CelCidr, CelFormat, CelUrl, CelSemver].some((type) => value instanceof type);
}

/** One for each value in the tree; texts and bytes by a tenth of their bytes, rounded down. */
function traversalCost(value: CelResult): number {
  if (typeof value === 'string') return Math.trunc(Buffer.byteLength(value) * TEXT_FACTOR);
  if (value instanceof Uint8Array) return Math.trunc(value.length * TEXT_FACTOR);
  let cost = 0;
  if (value instanceof CelList) {
    for (let index = 0; index < value.size; index++) cost += traversalCost(value.get(index));
    return cost;
  }
  if (value instanceof CelMap) {
    for (const key of value.keys()) cost += traversalCost(key) + traversalCost(value.get(key) ?? null);
    return cost;
  }
  return 1;
}
