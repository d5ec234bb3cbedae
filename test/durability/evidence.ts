import type { KubeObject, WatchEvent } from '../http/client.ts';
import { knownOf, type Ledger, type Step } from './writers.ts';

/** What the server itself puts into every namespace. */
const OF_EVERY_NAMESPACE = 'kube-root-ca.crt';

/**
 * Compares what a restarted server lists with what the writers know, and settles their doubts: whatever
 * was not acknowledged has happened as a whole, or not at all. Returns every contradiction.
 */
export function settleDoubts(ledger: Ledger, listed: readonly KubeObject[]): string[] {
  const faults: string[] = [];
  const found = new Map(listed.map((object) => [object.metadata.name, knownOf(object)]));
  for (const name of found.keys()) {
    if (!ledger.records.has(name) && name !== OF_EVERY_NAMESPACE)
      faults.push(`${name} exists, but nobody wrote it`);
  }
  for (const [name, record] of ledger.records) {
    const { known, doubt } = record;
    const now = found.get(name);
    record.doubt = undefined;
    if (now?.uid === known?.uid && now?.resourceVersion === known?.resourceVersion) {
      if (now?.value !== known?.value) faults.push(`${name} has changed without a new resourceVersion`);
      continue;
    }
    const before = `${known?.value}@${known?.resourceVersion}`;
    const after = `${now?.value}@${now?.resourceVersion}`;
    if (doubt === undefined) {
      faults.push(`${name}: ${before} was acknowledged last, but it is ${after}`);
      continue;
    }
    const isWhole =
      doubt.type === 'DELETED'
        ? now === undefined
        : now?.value === doubt.value &&
          now.resourceVersion > (known?.resourceVersion ?? 0) &&
          (doubt.type === 'ADDED' || now.uid === known?.uid);
    if (!isWhole) {
      faults.push(`${name}: ${before}, or ${doubt.type} ${doubt.value}, but it is ${after}`);
    }
    record.known = now;
    record.steps.push(now === undefined ? doubt : { ...doubt, resourceVersion: now.resourceVersion });
  }
  return faults;
}

/** Compares a watch's events with what the writers did. Returns every contradiction. */
export function compareEvents(ledger: Ledger, events: readonly WatchEvent[]): string[] {
  const faults: string[] = [];
  const seen = new Map<string, Step[]>();
  let last = 0;
  for (const { type, object } of events) {
    const resourceVersion = Number(object.metadata.resourceVersion);
    if (resourceVersion <= last) faults.push(`event at ${resourceVersion} comes after one at ${last}`);
    last = resourceVersion;
    const { name } = object.metadata;
    const step = { type: type as Step['type'], value: knownOf(object).value, resourceVersion };
    seen.set(name, [...(seen.get(name) ?? []), step]);
  }
  for (const [name, { steps }] of ledger.records) {
    const got = seen.get(name) ?? [];
    seen.delete(name);
    const isSame =
      got.length === steps.length &&
      steps.every(({ type, value, resourceVersion }, index) => {
        const event = got[index];
        return (
          event?.type === type &&
          event.value === value &&
          (resourceVersion === undefined || event.resourceVersion === resourceVersion)
        );
      });
    if (!isSame) faults.push(`${name}: watched ${textOf(got)}, but there was ${textOf(steps)}`);
  }
  for (const name of seen.keys()) faults.push(`${name} was watched, but nobody wrote it`);
  return faults;
}

function textOf(steps: readonly Step[]): string {
  return `[${steps.map(({ type, value, resourceVersion }) => `${type} ${value}@${resourceVersion}`).join(', ')}]`;
}
