import { isObject, type JsonObject, type JsonValue, type KubeObject } from '../machinery/mod.ts';
import { column, NAME_COLUMN, nameOf, timeSince } from './builtin-printers-columns.ts';
import type { Cell, TablePrinter } from './definition.ts';

/** The printer of Events of either API: `isCore` names the members of v1, else those of events.k8s.io. */
export function eventPrinter({ isCore }: { readonly isCore: boolean }): TablePrinter {
  const members = isCore ? CORE_MEMBERS : EVENTS_MEMBERS;
  return {
    columns: COLUMNS,
    cells: (event, nowMs) => eventCells(event, members, nowMs),
  };
}

const COLUMNS = [
  column('Last Seen', 'How long ago this last happened.'),
  column('Type', 'Whether this is the normal course of things (Normal) or not (Warning).'),
  column('Reason', 'Why this happened, in one word for programs.'),
  column('Object', 'The kind and name of the object that this is about.'),
  column('Subobject', 'The part of the object that this is about, as a field path.', { priority: 1 }),
  column('Source', 'The component that reported this, and the instance or host that it ran on.', {
    priority: 1,
  }),
  column('Message', 'What happened, in words for people.'),
  column('First Seen', 'How long ago this first happened.', { priority: 1 }),
  column('Count', 'How often this has happened.', { priority: 1 }),
  column('Name', NAME_COLUMN.description, { format: 'name', priority: 1 }),
];

/** The two APIs show one stored object under different names. */
interface EventMembers {
  readonly regarding: string;
  readonly message: string;
  readonly source: string;
  readonly firstTimestamp: string;
  readonly lastTimestamp: string;
  readonly count: string;
  readonly reportingController: string;
}

const CORE_MEMBERS: EventMembers = {
  regarding: 'involvedObject',
  message: 'message',
  source: 'source',
  firstTimestamp: 'firstTimestamp',
  lastTimestamp: 'lastTimestamp',
  count: 'count',
  reportingController: 'reportingComponent',
};

const EVENTS_MEMBERS: EventMembers = {
  regarding: 'regarding',
  message: 'note',
  source: 'deprecatedSource',
  firstTimestamp: 'deprecatedFirstTimestamp',
  lastTimestamp: 'deprecatedLastTimestamp',
  count: 'deprecatedCount',
  reportingController: 'reportingController',
};

function eventCells(event: KubeObject, members: EventMembers, nowMs: number): Cell[] {
  const regarding = objectAt(event, members.regarding);
  const source = objectAt(event, members.source);
  const kind = textAt(regarding, 'kind').toLowerCase();
  const name = textAt(regarding, 'name');
  const component = textAt(source, 'component') || textAt(event, members.reportingController);
  const instance = textAt(source, 'host') || textAt(event, 'reportingInstance');
  const firstSeen = textAt(event, members.firstTimestamp) || textAt(event, 'eventTime');
  let lastSeen = textAt(event, members.lastTimestamp) || firstSeen;
  // An event that happened once has no count in the newer API.
  let count = numberAt(event, members.count) || 1;
  const series = event['series'];
  if (isObject(series)) {
    lastSeen = textAt(series, 'lastObservedTime');
    count = numberAt(series, 'count');
  }
  return [
    timeSince(lastSeen, nowMs),
    textAt(event, 'type'),
    textAt(event, 'reason'),
    name === '' ? kind : `${kind}/${name}`,
    textAt(regarding, 'fieldPath'),
    instance === '' ? component : `${component}, ${instance}`,
    textAt(event, members.message).trim(),
    timeSince(firstSeen, nowMs),
    count,
    nameOf(event),
  ];
}

function objectAt(object: JsonObject, key: string): JsonObject | undefined {
  const value: JsonValue | undefined = object[key];
  return isObject(value) ? value : undefined;
}

function textAt(object: JsonObject | undefined, key: string): string {
  const value = object?.[key];
  return typeof value === 'string' ? value : '';
}

function numberAt(object: JsonObject, key: string): number | bigint {
  const value = object[key];
  return typeof value === 'number' || typeof value === 'bigint' ? value : 0;
}
