import {
  type Components,
  int32,
  kindStruct,
  microTime,
  nested,
  optional,
  struct,
  text,
  time,
} from './fields.ts';

const CORE = 'io.k8s.api.core.v1';
const EVENTS = 'io.k8s.api.events.v1';

export const eventComponents: Components = {
  [`${CORE}.Event`]: kindStruct(
    'Something that happened to an object. Kept for an hour; nothing may rely on it.',
    {
      action: text('What was done or failed.'),
      count: int32('How many times it happened.'),
      eventTime: microTime('When it was first seen.'),
      firstTimestamp: time('When it was first recorded.'),
      involvedObject: nested(`${CORE}.ObjectReference`, 'The object it happened to.'),
      lastTimestamp: time('When it was last recorded.'),
      message: text('What happened, for people.'),
      reason: text('Why it happened, in CamelCase, for programs.'),
      related: optional(`${CORE}.ObjectReference`, 'Another object that it concerns.'),
      reportingComponent: text('The controller that reports it, such as `example.com/scheduler`.', {
        presence: 'print',
      }),
      reportingInstance: text('Which instance of the controller reports it.', { presence: 'print' }),
      series: optional(`${CORE}.EventSeries`, 'Set when it keeps happening.'),
      source: nested(`${CORE}.EventSource`, 'The component that reports it.'),
      type: text('Normal or Warning.'),
    },
    { required: ['metadata', 'involvedObject'] },
  ),
  [`${CORE}.EventSeries`]: struct('How often something keeps happening.', {
    count: int32('How many times it happened in this series.'),
    lastObservedTime: microTime('When it last happened.'),
  }),
  [`${CORE}.EventSource`]: struct('The component that reports an event.', {
    component: text('Name of the component.'),
    host: text('Name of the node it runs on.'),
  }),
  [`${EVENTS}.Event`]: kindStruct(
    'Something that happened to an object. Kept for an hour; nothing may rely on it.',
    {
      action: text('What was done or failed; at most 128 characters.'),
      deprecatedCount: int32('`count` of the core/v1 form.'),
      deprecatedFirstTimestamp: time('`firstTimestamp` of the core/v1 form.'),
      deprecatedLastTimestamp: time('`lastTimestamp` of the core/v1 form.'),
      deprecatedSource: nested(`${CORE}.EventSource`, '`source` of the core/v1 form.'),
      eventTime: microTime('When it was first seen.'),
      note: text('What happened, for people; at most 1 KiB.'),
      reason: text('Why it happened, in CamelCase, for programs; at most 128 characters.'),
      regarding: nested(`${CORE}.ObjectReference`, 'The object it happened to.'),
      related: optional(`${CORE}.ObjectReference`, 'Another object that it concerns.'),
      reportingController: text('The controller that reports it, such as `example.com/scheduler`.'),
      reportingInstance: text('Which instance of the controller reports it; at most 128 characters.'),
      series: optional(`${EVENTS}.EventSeries`, 'Set when it keeps happening.'),
      type: text('Normal or Warning.'),
    },
    { required: ['eventTime'] },
  ),
  [`${EVENTS}.EventSeries`]: struct(
    'How often something keeps happening.',
    {
      count: int32('How many times it happened in this series; at least 2.', { presence: 'print' }),
      lastObservedTime: microTime('When it last happened.'),
    },
    { required: ['count', 'lastObservedTime'] },
  ),
};
