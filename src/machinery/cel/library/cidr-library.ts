import {
  formatNetwork,
  IpError,
  type IpNetwork,
  maskNetwork,
  networkContains,
  networkContainsIp,
  parseIp,
  parseNetwork,
} from '../../go/mod.ts';
import type { FunctionDeclaration } from '../functions.ts';
import { noSuchOverload } from '../numbers.ts';
import { boolType, intType, opaqueType, stringType } from '../types.ts';
import { type CelError, CelOpaque, type CelResult, type CelValue } from '../values.ts';
import { faultOf, succeeds } from './faults.ts';
import { CelIp, ipType } from './ip-library.ts';
import { callOf, methodOf } from './signatures.ts';

export const cidrType = opaqueType('net.CIDR');

/** An IP network. Its size is the number of bytes that its prefix takes. */
export class CelCidr extends CelOpaque {
  readonly type = cidrType;
  readonly network: IpNetwork;

  constructor(network: IpNetwork) {
    super();
    this.network = network;
  }

  override get size(): number {
    return Math.ceil(this.network.prefixLength / 8);
  }

  equals(other: CelValue): boolean | CelError {
    return other instanceof CelCidr
      ? formatNetwork(this.network) === formatNetwork(other.network)
      : noSuchOverload;
  }
}

/** Kubernetes' functions on IP networks. */
export const cidrFunctions: readonly FunctionDeclaration[] = [
  {
    name: 'cidr',
    overloads: [{ id: 'string_to_cidr', ...callOf([stringType], cidrType), evaluate: toCidr }],
  },
  {
    name: 'isCIDR',
    overloads: [
      {
        id: 'is_cidr',
        ...callOf([stringType], boolType),
        evaluate: (text: string) => succeeds(IpError, () => parseNetwork(text)),
      },
    ],
  },
  {
    name: 'containsIP',
    overloads: [
      {
        id: 'cidr_contains_ip_string',
        ...methodOf([cidrType, stringType], boolType),
        evaluate: ({ network }: CelCidr, text: string) => {
          const isAddress = succeeds(IpError, () => parseIp(text));
          // Upstream says this of every bad address, and not what is wrong with it.
          return isAddress ? networkContainsIp(network, parseIp(text)) : noSuchOverload;
        },
      },
      {
        id: 'cidr_contains_ip_ip',
        ...methodOf([cidrType, ipType], boolType),
        evaluate: ({ network }: CelCidr, { address }: CelIp) => networkContainsIp(network, address),
      },
    ],
  },
  {
    name: 'containsCIDR',
    overloads: [
      {
        id: 'cidr_contains_cidr_string',
        ...methodOf([cidrType, stringType], boolType),
        evaluate: ({ network }: CelCidr, text: string) => {
          const other = toCidr(text);
          return other instanceof CelCidr ? networkContains(network, other.network) : other;
        },
      },
      {
        id: 'cidr_contains_cidr',
        ...methodOf([cidrType, cidrType], boolType),
        evaluate: ({ network }: CelCidr, other: CelCidr) => networkContains(network, other.network),
      },
    ],
  },
  {
    name: 'ip',
    overloads: [
      {
        id: 'cidr_ip',
        ...methodOf([cidrType], ipType),
        evaluate: ({ network }: CelCidr) => new CelIp(network.address),
      },
    ],
  },
  {
    name: 'prefixLength',
    overloads: [
      {
        id: 'cidr_prefix_length',
        ...methodOf([cidrType], intType),
        evaluate: ({ network }: CelCidr) => BigInt(network.prefixLength),
      },
    ],
  },
  {
    name: 'masked',
    overloads: [
      {
        id: 'cidr_masked',
        ...methodOf([cidrType], cidrType),
        evaluate: ({ network }: CelCidr) => new CelCidr(maskNetwork(network)),
      },
    ],
  },
  {
    name: 'string',
    overloads: [
      {
        id: 'cidr_to_string',
        ...callOf([cidrType], stringType),
        evaluate: ({ network }: CelCidr) => formatNetwork(network),
      },
    ],
  },
];

function toCidr(text: string): CelResult {
  return faultOf(
    IpError,
    () => new CelCidr(parseNetwork(text)),
    'network address parse error during conversion from string: ',
  );
}
