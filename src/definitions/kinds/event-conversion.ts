import { type JsonValue, type KubeObject, newObject } from '../../machinery/mod.ts';

export const EVENTS_API_VERSION = 'events.k8s.io/v1';

/**
 * The events.k8s.io/v1 form of an Event that is stored in the core/v1 form. Both share one store. Nested
 * values are shared with the input, which is not changed.
 */
export function eventFromCore(object: KubeObject): KubeObject {
  if (object.apiVersion === EVENTS_API_VERSION) return object;
  return renamed(object, { apiVersion: EVENTS_API_VERSION, names: TO_EVENTS, empty: EMPTY_EVENTS });
}

/** The core/v1 form of an Event, which is the one that is stored. Nested values are shared with the input. */
export function eventToCore(object: KubeObject): KubeObject {
  if (object.apiVersion !== EVENTS_API_VERSION) return object;
  return renamed(object, { apiVersion: 'v1', names: TO_CORE, empty: EMPTY_CORE });
}

/** Fields by their core/v1 and events.k8s.io/v1 names, where these differ. */
const RENAMED_FIELDS: readonly (readonly [string, string])[] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['reportingComponent', 'reportingController'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
];

const TO_EVENTS: ReadonlyMap<string, string> = new Map(RENAMED_FIELDS);
const TO_CORE: ReadonlyMap<string, string> = new Map(RENAMED_FIELDS.map(([core, events]) => [events, core]));

/** What each form prints when it is not set; `undefined` stands for leaving it out. */
type EmptyFields = Readonly<Record<string, '' | null | 'struct' | undefined>>;

const EMPTY_EVENTS: EmptyFields = {
  deprecatedFirstTimestamp: null,
  deprecatedLastTimestamp: null,
  deprecatedSource: 'struct',
  eventTime: null,
  regarding: 'struct',
  reportingController: undefined,
  reportingInstance: undefined,
};
const EMPTY_CORE: EmptyFields = {
  eventTime: null,
  firstTimestamp: null,
  involvedObject: 'struct',
  lastTimestamp: null,
  reportingComponent: '',
  reportingInstance: '',
  source: 'struct',
};

function renamed(
  object: KubeObject,
  options: {
    readonly apiVersion: string;
    readonly names: ReadonlyMap<string, string>;
    readonly empty: EmptyFields;
  },
): KubeObject {
  const result = newObject() as KubeObject;
  for (const key of Object.keys(object)) {
    const value = object[key];
    if (value !== undefined) result[options.names.get(key) ?? key] = value;
  }
  result.apiVersion = options.apiVersion;
  for (const key of Object.keys(options.empty)) {
    const empty = options.empty[key];
    if ((result[key] ?? '') !== '') continue;
    if (empty === undefined) delete result[key];
    else result[key] = empty === 'struct' ? newObject() : (empty as JsonValue);
  }
  return result;
}
