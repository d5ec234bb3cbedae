import { tableText } from '../table-text.ts';
import type { PlanetStatus, RegionStatus } from './planet.ts';
import type { RoleStatus } from './region-processes.ts';

/** A planet as a table: a line for each region, with its links to the others. */
export function statusTable(status: PlanetStatus): string {
  return tableText([
    ['REGION', 'URL', 'MEMBER', 'NATS', 'LINKS'],
    ...status.regions.map((region) => [
      region.name,
      region.url,
      region.member.state,
      natsState(region).state,
      linksOf(status, region.name),
    ]),
  ]);
}

/** Why something is down, a line for each. */
export function troubles(status: PlanetStatus): readonly string[] {
  return status.regions.flatMap(({ name, member, nats, core }) =>
    Object.entries({ member, nats, core }).flatMap(([role, each]) =>
      each.state === 'down' && each.reason !== undefined ? [`${name}: ${role} is down: ${each.reason}`] : [],
    ),
  );
}

/** Of both servers together: a region without its core is as cut off as one without its streams. */
function natsState({ nats, core }: RegionStatus): RoleStatus {
  return [core, nats].find(({ state }) => state !== 'up') ?? nats;
}

function linksOf({ links }: PlanetStatus, region: string): string {
  const cells = links.flatMap(({ between, rttMs, state }) => {
    if (!between.includes(region)) return [];
    const other = between[0] === region ? between[1] : between[0];
    return [`${other} ${state === 'up' ? `${rttMs} ms` : state.toUpperCase()}`];
  });
  return cells.length === 0 ? '-' : cells.join(', ');
}
