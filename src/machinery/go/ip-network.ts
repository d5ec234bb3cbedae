import { goQuote } from '../field-error.ts';
import { formatIp, type IpAddress, IpError, isIpv4Mapped, parseIpWithZone } from './ip-address.ts';

/** An address with the length of a prefix: 10.1.2.3/8 keeps its host bits until it is masked. */
export interface IpNetwork {
  readonly address: IpAddress;
  readonly prefixLength: number;
}

/**
 * Reads a network as CEL's `cidr()` does: netip.ParsePrefix, and no IPv4-mapped IPv6.
 *
 * @throws {IpError} with upstream's message.
 */
export function parseNetwork(text: string): IpNetwork {
  const network = parsePrefix(text);
  if (isIpv4Mapped(network.address)) {
    throw new IpError(`IPv4-mapped IPv6 address ${goQuote(text)} is not allowed`);
  }
  return network;
}

export function formatNetwork({ address, prefixLength }: IpNetwork): string {
  return `${formatIp(address)}/${prefixLength}`;
}

/** The network with all bits zero behind the prefix. */
export function maskNetwork({ address, prefixLength }: IpNetwork): IpNetwork {
  const shift = hostBits({ address, prefixLength });
  return { address: { family: address.family, bits: (address.bits >> shift) << shift }, prefixLength };
}

/** Is the address one of the network's. Never so in another family. */
export function networkContainsIp(network: IpNetwork, { family, bits }: IpAddress): boolean {
  const shift = hostBits(network);
  return network.address.family === family && network.address.bits >> shift === bits >> shift;
}

/** Is every address of the other network one of this one's. */
export function networkContains(network: IpNetwork, other: IpNetwork): boolean {
  return network.prefixLength <= other.prefixLength && networkContainsIp(network, other.address);
}

function hostBits({ address, prefixLength }: IpNetwork): bigint {
  return BigInt((address.family === 4 ? 32 : 128) - prefixLength);
}

function parsePrefix(text: string): IpNetwork {
  const slash = text.lastIndexOf('/');
  if (slash < 0) throw prefixError(text, "no '/'");
  let parsed: ReturnType<typeof parseIpWithZone>;
  try {
    parsed = parseIpWithZone(text.slice(0, slash));
  } catch (error) {
    if (error instanceof IpError) throw prefixError(text, error.message);
    throw error;
  }
  if (parsed.zone !== '') throw prefixError(text, 'IPv6 zones cannot be present in a prefix');
  const bits = text.slice(slash + 1);
  // No sign and no leading zero; what does not fit Go's int is as little a number to it as `x`.
  if (!/^(?:0|[1-9][0-9]*)$/.test(bits) || BigInt(bits.slice(0, 20)) > 2n ** 63n - 1n) {
    throw prefixError(text, `bad bits after slash: ${goQuote(bits)}`);
  }
  const prefixLength = Number(bits);
  if (prefixLength > (parsed.family === 4 ? 32 : 128)) throw prefixError(text, 'prefix length out of range');
  return { address: { family: parsed.family, bits: parsed.bits }, prefixLength };
}

function prefixError(text: string, message: string): IpError {
  return new IpError(
    `network address parse error during conversion from string: netip.ParsePrefix(${goQuote(text)}): ${message}`,
  );
}
