import {
  deepEqual,
  dns1123SubdomainErrors,
  type FieldError,
  invalid,
  type JsonValue,
  type KubeObject,
  objectAt,
  qualifiedNameErrors,
  required,
  textAt,
  validateDns1123SubdomainName,
} from '../../machinery/mod.ts';
import type { Strategy } from '../definition.ts';
import { eventFromCore, eventToCore } from './event-conversion.ts';
import { type KindSource, strategyOf } from './kind.ts';

/** What an involved object is selected by. */
const REFERENCE_FIELDS = ['apiVersion', 'fieldPath', 'kind', 'name', 'namespace', 'resourceVersion', 'uid'];

export const coreEvent: KindSource = {
  group: '',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  component: 'io.k8s.api.core.v1.Event',
  scope: 'Namespaced',
  shortNames: ['ev'],
  fieldLabels: [
    ...REFERENCE_FIELDS.map((field) => `involvedObject.${field}`),
    ...['reason', 'reportingComponent', 'source', 'type'],
  ],
  selectable,
  strategy: eventStrategy('lenient'),
};

/** The newer API of the same objects: stored as core/v1, checked more strictly. */
export const groupEvent: KindSource = {
  group: 'events.k8s.io',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  component: 'io.k8s.api.events.v1.Event',
  scope: 'Namespaced',
  shortNames: ['ev'],
  storedAs: { group: '', resource: 'events' },
  convert: eventFromCore,
  toStorage: eventToCore,
  fieldLabels: [
    ...REFERENCE_FIELDS.map((field) => `regarding.${field}`),
    ...['reason', 'reportingController', 'type'],
  ],
  selectable,
  strategy: eventStrategy('strict'),
};

/** The labels of both APIs, since one stored row serves both. Takes either form. */
function selectable(object: KubeObject): Readonly<Record<string, string>> {
  const event = eventToCore(object);
  const involved = objectAt(event, 'involvedObject');
  const values: Record<string, string> = {};
  for (const field of REFERENCE_FIELDS) {
    values[`involvedObject.${field}`] = textAt(involved, field);
    values[`regarding.${field}`] = textAt(involved, field);
  }
  const controller = textAt(event, 'reportingComponent');
  values['reason'] = textAt(event, 'reason');
  values['reportingComponent'] = controller;
  values['reportingController'] = controller;
  values['source'] = textAt(objectAt(event, 'source'), 'component') || controller;
  values['type'] = textAt(event, 'type');
  return values;
}

function eventStrategy(mode: 'lenient' | 'strict'): Strategy {
  return strategyOf({
    validateName: validateDns1123SubdomainName,
    allowsCreateOnUpdate: true,
    validateCreate(object) {
      const event = eventToCore(object);
      return mode === 'strict' ? [...validateEvent(event), ...validateNewEvent(event)] : validateEvent(event);
    },
    validateUpdate(object, old) {
      const event = eventToCore(object);
      if (mode === 'lenient') return validateEvent(event);
      return [...validateEvent(event), ...frozenFieldErrors(event, eventToCore(old))];
    },
  });
}

/** The rules of core/v1, in which events without eventTime are those of old clients. */
function validateEvent(event: KubeObject): FieldError[] {
  const namespace = event.metadata.namespace ?? '';
  const involved = textAt(objectAt(event, 'involvedObject'), 'namespace');
  const isNew = isSet(event['eventTime']);
  const clusterScopedHomes = isNew ? ['default', 'kube-system'] : ['', 'default'];
  const isMatching =
    involved === '' ? clusterScopedHomes.includes(namespace) : isNew || involved === namespace;
  return [
    ...(isMatching ? [] : [invalid('involvedObject.namespace', involved, 'does not match event.namespace')]),
    ...(isNew ? validateTexts(event) : []),
    ...dns1123SubdomainErrors(namespace).map((detail) => invalid('namespace', namespace, detail)),
  ];
}

function validateTexts(event: KubeObject): FieldError[] {
  const controller = textAt(event, 'reportingComponent');
  const errors: FieldError[] = [];
  if (controller === '') errors.push(required('reportingController'));
  for (const detail of qualifiedNameErrors(controller)) {
    errors.push(invalid('reportingController', controller, detail));
  }
  for (const field of ['reportingInstance', 'action', 'reason']) {
    const text = textAt(event, field);
    if (text === '') errors.push(required(field));
    if (Buffer.byteLength(text) > TEXT_BYTES_MAX) {
      errors.push(invalid(field, '', `can have at most ${TEXT_BYTES_MAX} characters`));
    }
  }
  if (Buffer.byteLength(textAt(event, 'message')) > MESSAGE_BYTES_MAX) {
    errors.push(invalid('message', '', `can have at most ${MESSAGE_BYTES_MAX} characters`));
  }
  return errors;
}

/** What events.k8s.io/v1 asks of a new event beside the rules of core/v1. */
function validateNewEvent(event: KubeObject): FieldError[] {
  const errors = validateSeries(event);
  if (!isSet(event['eventTime'])) errors.push(required('eventTime'));
  const type = textAt(event, 'type');
  if (type !== 'Normal' && type !== 'Warning') {
    errors.push(invalid('type', '', `has invalid value: ${type}`));
  }
  for (const field of ['firstTimestamp', 'lastTimestamp', 'count']) {
    if (isSet(event[field])) errors.push(invalid(field, '', NEEDS_TO_BE_UNSET));
  }
  const source = objectAt(event, 'source');
  if (textAt(source, 'component') !== '' || textAt(source, 'host') !== '') {
    errors.push(invalid('source', '', NEEDS_TO_BE_UNSET));
  }
  return errors;
}

function validateSeries(event: KubeObject): FieldError[] {
  const series = objectAt(event, 'series');
  if (series === undefined) return [];
  const { count } = series;
  const errors: FieldError[] = [];
  if (typeof count !== 'number' || count < 2)
    errors.push(invalid('series.count', '', 'should be at least 2'));
  if (!isSet(series['lastObservedTime'])) errors.push(required('series.lastObservedTime'));
  return errors;
}

/** Of an event only the series, labels and annotations may change through events.k8s.io/v1. */
function frozenFieldErrors(event: KubeObject, old: KubeObject): FieldError[] {
  const errors = deepEqual(event['series'], old['series']) ? [] : validateSeries(event);
  for (const [field, printed] of FROZEN_FIELDS) {
    // An error shows the zero value of what is not set.
    const zero = field === 'count' ? 0 : TEXT_FIELDS.has(field) ? '' : null;
    const value = event[field] ?? zero;
    if (!deepEqual(value, old[field] ?? zero)) errors.push(invalid(printed, value, 'field is immutable'));
  }
  return errors;
}

function isSet(value: JsonValue | undefined): boolean {
  return value !== undefined && value !== null && value !== 0 && value !== '';
}

/** Fields that are compared, and the names that errors print, which are those of upstream's internal type. */
const FROZEN_FIELDS: readonly (readonly [string, string])[] = [
  ['involvedObject', 'involvedObject'],
  ['reason', 'reason'],
  ['message', 'message'],
  ['source', 'source'],
  ['firstTimestamp', 'firstTimestamp'],
  ['lastTimestamp', 'lastTimestamp'],
  ['count', 'count'],
  ['type', 'type'],
  ['eventTime', 'eventTime'],
  ['action', 'action'],
  ['related', 'related'],
  ['reportingComponent', 'reportingController'],
  ['reportingInstance', 'reportingInstance'],
];

const TEXT_FIELDS: ReadonlySet<string> = new Set([
  'reason',
  'message',
  'type',
  'action',
  'reportingComponent',
  'reportingInstance',
]);

const TEXT_BYTES_MAX = 128;
const MESSAGE_BYTES_MAX = 1024;
const NEEDS_TO_BE_UNSET = 'needs to be unset';
