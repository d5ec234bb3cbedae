import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { coreEvent, groupEvent } from './event.ts';
import { EVENTS_API_VERSION, eventFromCore, eventToCore } from './event-conversion.ts';
import { createErrors, json, kubeObject, plain, updateErrors } from './kinds.suite.ts';

const REGARDING = { kind: 'Widget', namespace: 'n', name: 'w' };
const NEW_EVENT = {
  apiVersion: EVENTS_API_VERSION,
  eventTime: '2026-01-01T00:00:00.000000Z',
  reportingController: 'example.com/controller',
  reportingInstance: 'one',
  action: 'Binding',
  reason: 'Because',
  type: 'Normal',
  regarding: REGARDING,
};

describe('core events', () => {
  test('the namespace is that of the involved object', () => {
    const mismatch = 'involvedObject.namespace: Invalid value: "m": does not match event.namespace';
    expect(createErrors(coreEvent, { involvedObject: REGARDING })).toEqual([]);
    expect(createErrors(coreEvent, { involvedObject: { namespace: 'm' } })).toEqual([mismatch]);
    expect(createErrors(coreEvent, { involvedObject: {} })).toEqual([mismatch.replace('"m"', '""')]);
    expect(createErrors(coreEvent, { metadata: { namespace: 'default' }, involvedObject: {} })).toEqual([]);
  });

  test('with an event time the newer fields are required', () => {
    expect(createErrors(coreEvent, { involvedObject: REGARDING, eventTime: NEW_EVENT.eventTime })).toEqual(
      expect.arrayContaining([
        'reportingController: Required value',
        'reportingInstance: Required value',
        'action: Required value',
        'reason: Required value',
      ]),
    );
  });

  test('field selectors see the fields of both APIs, in either form', () => {
    const core = kubeObject({
      involvedObject: REGARDING,
      reason: 'R',
      source: { component: 'c' },
      type: 'Warning',
    });
    const values = coreEvent.selectable?.(core);
    expect(values).toMatchObject({
      'involvedObject.name': 'w',
      'regarding.name': 'w',
      'involvedObject.uid': '',
      reason: 'R',
      source: 'c',
      type: 'Warning',
    });
    expect(groupEvent.selectable?.(eventFromCore(core))).toEqual(values);
    for (const label of [...(coreEvent.fieldLabels ?? []), ...(groupEvent.fieldLabels ?? [])]) {
      expect(values).toHaveProperty([label]);
    }
  });

  test('without a source component, the reporting component is the source', () => {
    expect(coreEvent.selectable?.(kubeObject({ reportingComponent: 'r' }))).toMatchObject({
      source: 'r',
      reportingController: 'r',
    });
  });
});

describe('events.k8s.io events', () => {
  test('a complete one is accepted', () => {
    expect(createErrors(groupEvent, NEW_EVENT)).toEqual([]);
  });

  test.each([
    [{ eventTime: null }, 'eventTime: Required value'],
    [{ reportingController: '' }, 'reportingController: Required value'],
    [
      { reportingInstance: 'x'.repeat(129) },
      'reportingInstance: Invalid value: "": can have at most 128 characters',
    ],
    [{ action: 'x'.repeat(129) }, 'action: Invalid value: "": can have at most 128 characters'],
    [{ reason: 'x'.repeat(129) }, 'reason: Invalid value: "": can have at most 128 characters'],
    [{ note: 'x'.repeat(1025) }, 'message: Invalid value: "": can have at most 1024 characters'],
    [{ type: 'Info' }, 'type: Invalid value: "": has invalid value: Info'],
    [{ deprecatedCount: 1 }, 'count: Invalid value: "": needs to be unset'],
    [
      { deprecatedFirstTimestamp: '2026-01-01T00:00:00Z' },
      'firstTimestamp: Invalid value: "": needs to be unset',
    ],
    [{ deprecatedSource: { host: 'h' } }, 'source: Invalid value: "": needs to be unset'],
    [
      { series: { count: 1, lastObservedTime: NEW_EVENT.eventTime } },
      'series.count: Invalid value: "": should be at least 2',
    ],
    [{ series: { count: 2 } }, 'series.lastObservedTime: Required value'],
  ])('%j is refused', (change, error) => {
    expect(createErrors(groupEvent, { ...NEW_EVENT, ...change })).toContain(error);
  });

  test('only the series may change', () => {
    const series = { count: 2, lastObservedTime: NEW_EVENT.eventTime };
    const update = (change: object) =>
      updateErrors(groupEvent, { old: NEW_EVENT, next: { ...NEW_EVENT, ...change } });
    expect(update({ series })).toEqual([]);
    expect(update({ series: { ...series, count: 1 } })).toEqual([
      'series.count: Invalid value: "": should be at least 2',
    ]);
    expect(update({ note: 'other' })).toEqual(['message: Invalid value: "other": field is immutable']);
    expect(update({ regarding: { ...REGARDING, name: 'v' } })).toEqual([
      'involvedObject: Invalid value: {"kind":"Widget","namespace":"n","name":"v"}: field is immutable',
    ]);
  });
});

describe('conversion of events', () => {
  test('both ways the fields have their names, and empty ones are as Go prints them', () => {
    const core = eventToCore(kubeObject({ ...NEW_EVENT, note: 'hello' }));
    expect(plain(core)).toEqual({
      apiVersion: 'v1',
      kind: 'Test',
      metadata: { name: 'a', namespace: 'n' },
      eventTime: NEW_EVENT.eventTime,
      reportingComponent: 'example.com/controller',
      reportingInstance: 'one',
      action: 'Binding',
      reason: 'Because',
      type: 'Normal',
      involvedObject: REGARDING,
      message: 'hello',
      source: {},
      firstTimestamp: null,
      lastTimestamp: null,
    });
    const old = eventFromCore(
      kubeObject({ involvedObject: REGARDING, count: 3, reportingComponent: '', source: {} }),
    );
    expect(plain(old)).toEqual({
      apiVersion: EVENTS_API_VERSION,
      kind: 'Test',
      metadata: { name: 'a', namespace: 'n' },
      regarding: REGARDING,
      deprecatedCount: 3,
      deprecatedSource: {},
      deprecatedFirstTimestamp: null,
      deprecatedLastTimestamp: null,
      eventTime: null,
    });
  });

  test('to the core form and back nothing is lost', () => {
    const text = fc.string({ minLength: 1, maxLength: 5 });
    const event = fc.record(
      {
        note: text,
        reason: text,
        deprecatedCount: fc.nat(),
        reportingController: text,
        related: fc.constant({ name: 'x' }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(event, (fields) => {
        const once = eventFromCore(eventToCore(kubeObject({ ...NEW_EVENT, ...fields })));
        const twice = eventFromCore(eventToCore(once));
        expect(plain(twice)).toEqual(plain(once));
        expect(plain(once)).toMatchObject({ ...NEW_EVENT, ...fields });
      }),
    );
  });

  test('the input stays as it is, and its own form is returned as it is', () => {
    const core = kubeObject({ message: 'm' });
    const before = JSON.stringify(core);
    eventFromCore(core);
    expect(JSON.stringify(core)).toBe(before);
    expect(eventToCore(core)).toBe(core);
    expect(json(null)).toBeNull();
  });
});
