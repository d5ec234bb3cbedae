import { createHash } from 'node:crypto';
import { INITIALIZER_LABEL_PREFIX, TERMINATOR_LABEL_PREFIX } from './names.ts';

const LABEL_LENGTH_MAX = 63;

/** The labels by which the views of initializers and terminators select the logical clusters that wait for them. */
export function lifecycleLabels(waiting: {
  readonly initializers: readonly string[];
  readonly terminators: readonly string[];
}): Record<string, string> {
  return Object.fromEntries([
    ...waiting.initializers.map((name) => lifecycleLabel(INITIALIZER_LABEL_PREFIX, name)),
    ...waiting.terminators.map((name) => lifecycleLabel(TERMINATOR_LABEL_PREFIX, name)),
  ]);
}

/** kcp's label for one initializer or terminator: as much of a hash as the key has room for, and all of it as value. */
export function lifecycleLabel(prefix: string, name: string): [key: string, value: string] {
  const digest = createHash('sha224').update(name).digest('hex');
  return [prefix + digest.slice(0, LABEL_LENGTH_MAX - prefix.length), digest];
}
