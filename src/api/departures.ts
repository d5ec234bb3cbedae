import type { ObjectStore } from '../store/mod.ts';
import type { Api } from './api.ts';

interface Departure {
  count: number;
  readonly ended: Promise<void>;
  end(): void;
}

// Entries live only as long as their deletions are on the way to the disk.
const departures = new WeakMap<ObjectStore, Map<string, Departure>>();

/**
 * Runs the last part of a deletion: from the look for dependents to the durable commit. A dependent may
 * become durable in between, which the look did not see; its own check waits for the end of this by
 * {@link departuresEnded}, so that one of the two sees the other. A lock would make writers wait instead.
 */
export async function depart<Result>(api: Api, uid: string, run: () => Promise<Result>): Promise<Result> {
  const all = departures.get(api.store) ?? new Map<string, Departure>();
  departures.set(api.store, all);
  const departure = all.get(uid) ?? newDeparture();
  all.set(uid, departure);
  departure.count += 1;
  try {
    return await run();
  } finally {
    departure.count -= 1;
    if (departure.count === 0) {
      all.delete(uid);
      departure.end();
    }
  }
}

/** Resolves when the deletions of objects of these uids that have begun are durable, or have failed. */
export async function departuresEnded(api: Api, uids: readonly string[]): Promise<void> {
  const all = departures.get(api.store);
  await Promise.all(uids.map((uid) => all?.get(uid)?.ended));
}

function newDeparture(): Departure {
  let end: () => void = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { count: 0, ended, end };
}
