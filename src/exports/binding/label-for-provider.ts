import { ownLabelOf } from '../../definitions/mod.ts';
import type { KubeObject } from '../../machinery/mod.ts';

/** Whoever offers an API sees who has bound it: from the commit on that settles which export it is. */
export function labelForProvider(binding: KubeObject): void {
  const own = ownLabelOf(binding);
  const labels = binding.metadata.labels;
  if (own !== undefined && labels !== undefined) labels[own.key] ??= own.value;
}
