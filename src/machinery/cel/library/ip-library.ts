import * as addresses from '../../go/mod.ts';
import { formatIp, type IpAddress, IpError, parseIp } from '../../go/mod.ts';
import type { FunctionDeclaration } from '../functions.ts';
import { noSuchOverload } from '../numbers.ts';
import { boolType, type CelType, intType, opaqueType, stringType } from '../types.ts';
import { type CelError, CelOpaque, type CelValue } from '../values.ts';
import { work } from '../work.ts';
import { faultOf, succeeds } from './faults.ts';
import { callOf, methodOf } from './signatures.ts';

export const ipType = opaqueType('net.IP');

/** An IP address. Its size is its number of bytes. */
export class CelIp extends CelOpaque {
  readonly type = ipType;
  readonly address: IpAddress;

  constructor(address: IpAddress) {
    super();
    this.address = address;
  }

  override get size(): number {
    return this.address.family === 4 ? 4 : 16;
  }

  equals(other: CelValue): boolean | CelError {
    if (!(other instanceof CelIp)) return noSuchOverload;
    return this.address.family === other.address.family && this.address.bits === other.address.bits;
  }
}

/** Kubernetes' functions on IP addresses. */
export const ipFunctions: readonly FunctionDeclaration[] = [
  {
    name: 'ip',
    overloads: [
      {
        id: 'string_to_ip',
        ...callOf([stringType], ipType),
        evaluate: (text: string) => faultOf(IpError, () => new CelIp(parse(text))),
      },
    ],
  },
  {
    name: 'isIP',
    overloads: [
      {
        id: 'is_ip',
        ...callOf([stringType], boolType),
        evaluate: (text: string) => succeeds(IpError, () => parse(text)),
      },
    ],
  },
  {
    name: 'ip.isCanonical',
    overloads: [
      {
        id: 'ip_is_canonical',
        ...callOf([stringType], boolType),
        evaluate: (text: string) => faultOf(IpError, () => formatIp(parse(text)) === text),
      },
    ],
  },
  {
    name: 'string',
    overloads: [
      {
        id: 'ip_to_string',
        ...callOf([ipType], stringType),
        evaluate: ({ address }: CelIp) => formatIp(address),
      },
    ],
  },
  accessor('family', 'ip_family', { result: intType, read: ({ family }) => BigInt(family) }),
  accessor('isUnspecified', 'ip_is_unspecified', { result: boolType, read: addresses.isUnspecified }),
  accessor('isLoopback', 'ip_is_loopback', { result: boolType, read: addresses.isLoopback }),
  accessor('isLinkLocalMulticast', 'ip_is_link_local_multicast', {
    result: boolType,
    read: addresses.isLinkLocalMulticast,
  }),
  accessor('isLinkLocalUnicast', 'ip_is_link_local_unicast', {
    result: boolType,
    read: addresses.isLinkLocalUnicast,
  }),
  accessor('isGlobalUnicast', 'ip_is_global_unicast', { result: boolType, read: addresses.isGlobalUnicast }),
];

function accessor(
  name: string,
  id: string,
  { result, read }: { readonly result: CelType; readonly read: (address: IpAddress) => CelValue },
): FunctionDeclaration {
  const evaluate = ({ address }: CelIp) => read(address);
  return { name, overloads: [{ id, ...methodOf([ipType], result), evaluate }] };
}

/** Reading what is no address takes as long as it is, and is charged a tenth. */
function parse(text: string): IpAddress {
  work(text.length >> 1);
  return parseIp(text);
}
