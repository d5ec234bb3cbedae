/** Thrown when Antipode itself is wrong. It fails one unit of work, is counted, and the server goes on. */
export class AssertionFailure extends Error {
  override readonly name = 'AssertionFailure';
}

/** States what must hold if the code is right. Never used for a caller's fault: that is a `StatusError`. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionFailure(message);
}

/** The place that no case of a union may reach. */
export function unreachable(value: never): never {
  throw new AssertionFailure(`unexpected case: ${String(value)}`);
}
