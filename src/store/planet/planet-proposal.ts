import { assert } from '../../base/mod.ts';
import { ExpectationFailed, HomeElsewhere, SpansLogs } from '../commit-errors.ts';
import { type ObjectKey, objectKeyText } from '../object-key.ts';
import type { GroupOfCluster, Precondition, Proposal, SettledWork } from '../proposal.ts';
import type { LogRouter } from './log-router.ts';
import type { PlanetLog } from './planet-log.ts';

/**
 * The log that a commit is of, and what of it that log can judge. What it relies on in other logs is held against what this
 * member has of them now, and must be durable there: the commit must not outlive what it was decided by.
 *
 * Throws `SpansLogs`, `HomeElsewhere` and `ExpectationFailed`.
 */
export function placeProposal(
  router: LogRouter,
  proposal: Proposal,
): { readonly log: PlanetLog; readonly proposal: Proposal } {
  const log = logOf(router, proposal);
  if (!log.store.isHome) throw new HomeElsewhere(log.name, log.home?.());
  if (router.logs.length === 1) return { log, proposal };
  const own: Precondition[] = [];
  for (const precondition of proposal.preconditions ?? []) {
    const holder = router.ofObject(precondition.key);
    if (holder === log) own.push(precondition);
    else assertIn(holder, precondition);
  }
  for (const asked of proposal.settled ?? []) assertSettled(router, log, asked);
  return { log, proposal: { ...proposal, preconditions: own } };
}

function logOf(router: LogRouter, proposal: Proposal): PlanetLog {
  const keys = new Map<PlanetLog, ObjectKey[]>();
  for (const { key } of proposal.mutations) {
    // What is in a logical cluster that comes with this very commit goes where the rest goes.
    const log = router.forNew(key);
    if (log !== undefined) keys.set(log, [...(keys.get(log) ?? []), key]);
  }
  for (const settled of proposal.settles ?? []) {
    const log = holderOf(router, settled);
    if (log !== undefined && !keys.has(log)) keys.set(log, []);
  }
  if (proposal.ends !== undefined) {
    const log = router.shardOf(proposal.ends.cluster);
    if (!keys.has(log)) keys.set(log, []);
  }
  if (keys.size > 1) throw new SpansLogs(new Map([...keys].map(([{ name }, own]) => [name, own])));
  const [only] = keys.keys();
  if (only !== undefined) return only;
  if (proposal.log !== undefined) {
    const wanted = router.find(proposal.log);
    assert(wanted !== undefined, 'a commit is of a log that the member has');
    return wanted;
  }
  const { cluster } = proposal.mutations[0]?.key ?? proposal.work?.[0] ?? {};
  if (cluster !== undefined) return router.shardOf(cluster);
  return router.shards.find(({ store }) => store.isHome) ?? router.logs[0]!;
}

function holderOf(router: LogRouter, { key, payload }: SettledWork): PlanetLog | undefined {
  if (key.log !== undefined) return router.find(key.log);
  return router.logs.find(({ store }) => {
    const owed = store.isHome ? store.newestWork(key) : undefined;
    return owed !== undefined && Buffer.compare(owed, payload) === 0;
  });
}

function assertIn({ store }: PlanetLog, { key, revision, keyText }: Precondition): void {
  const text = keyText ?? objectKeyText(key);
  const current = store.newest(key, text)?.revision ?? 0;
  if (current !== revision) throw new ExpectationFailed({ key, current, isPrecondition: true });
  if (store.durableRevision(text) === revision) return;
  throw new ExpectationFailed({ key, current, isPrecondition: true, isUnsettled: true });
}

function assertSettled(router: LogRouter, log: PlanetLog, asked: GroupOfCluster): void {
  for (const other of router.ofCluster(asked.cluster)) {
    if (other === log || !other.store.isMoving(asked)) continue;
    const key = { ...asked, resource: '', identity: '', namespace: '', name: '' };
    throw new ExpectationFailed({ key, current: 0, isPrecondition: true, isUnsettled: true });
  }
}
