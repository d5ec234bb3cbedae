import type { FunctionDeclaration } from '../functions.ts';
import { durationSeconds, floorDivide } from '../time-text.ts';
import type { CelDuration, CelTimestamp } from '../time-values.ts';
import { durationType, intType, stringType, timestampType } from '../types.ts';
import { CelError, type CelResult } from '../values.ts';
import { member } from './declare.ts';

interface Getter {
  readonly name: string;
  readonly id: string;
  readonly get: (local: Date) => number;
  /** Of durations, where there is such a function. */
  readonly ofDuration?: (duration: CelDuration) => bigint;
}

const nanosPerSecond = 1_000_000_000n;

const getters: readonly Getter[] = [
  { name: 'getFullYear', id: 'year', get: (date) => date.getUTCFullYear() },
  { name: 'getMonth', id: 'month', get: (date) => date.getUTCMonth() },
  { name: 'getDayOfYear', id: 'day_of_year', get: dayOfYear },
  { name: 'getDayOfMonth', id: 'day_of_month', get: (date) => date.getUTCDate() - 1 },
  { name: 'getDate', id: 'day_of_month_1_based', get: (date) => date.getUTCDate() },
  { name: 'getDayOfWeek', id: 'day_of_week', get: (date) => date.getUTCDay() },
  {
    name: 'getHours',
    id: 'hours',
    get: (date) => date.getUTCHours(),
    ofDuration: ({ nanos }) => nanos / (3600n * nanosPerSecond),
  },
  {
    name: 'getMinutes',
    id: 'minutes',
    get: (date) => date.getUTCMinutes(),
    ofDuration: ({ nanos }) => nanos / (60n * nanosPerSecond),
  },
  {
    name: 'getSeconds',
    id: 'seconds',
    get: (date) => date.getUTCSeconds(),
    ofDuration: (duration) => BigInt(Math.trunc(durationSeconds(duration))),
  },
  {
    name: 'getMilliseconds',
    id: 'milliseconds',
    get: (date) => date.getUTCMilliseconds(),
    ofDuration: ({ nanos }) => nanos / 1_000_000n,
  },
];

/** The parts of timestamps, in UTC or in a time zone, and of durations. */
export const timeFunctions: readonly FunctionDeclaration[] = getters.map(declare);

function declare(getter: Getter): FunctionDeclaration {
  const { name, id, get, ofDuration } = getter;
  const inUtc = (timestamp: CelTimestamp): CelResult => BigInt(get(dateOf(timestamp, 0)));
  const inZone = (timestamp: CelTimestamp, zone: string): CelResult => {
    const offset = offsetSeconds(timestamp, zone);
    return offset instanceof CelError ? offset : BigInt(get(dateOf(timestamp, offset)));
  };
  return {
    name,
    overloads: [
      member([`timestamp_to_${id}`, [timestampType], intType], inUtc),
      member([`timestamp_to_${id}_with_tz`, [timestampType, stringType], intType], inZone),
      ...(ofDuration === undefined
        ? []
        : [member([`duration_to_${id}`, [durationType], intType], ofDuration)]),
    ],
  };
}

/** A date whose UTC parts are the local parts at that offset. */
function dateOf(timestamp: CelTimestamp, offset: number): Date {
  return new Date(Number(floorDivide(timestamp.epochNanos, 1_000_000n)) + offset * 1000);
}

function dayOfYear(date: Date): number {
  const start = new Date(0);
  start.setUTCFullYear(date.getUTCFullYear(), 0, 1);
  return Math.floor((date.getTime() - start.getTime()) / 86_400_000);
}

/** `+05:30`, or a name of the time zone database. */
function offsetSeconds(timestamp: CelTimestamp, zone: string): number | CelError {
  const colon = zone.indexOf(':');
  if (colon < 0) return zoneOffset(timestamp, zone);
  const hours = goInteger(zone.slice(0, colon));
  const minutes = goInteger(zone.slice(colon + 1));
  if (hours instanceof CelError) return hours;
  if (minutes instanceof CelError) return minutes;
  return (zone.startsWith('-') ? hours * 60 - minutes : hours * 60 + minutes) * 60;
}

function goInteger(text: string): number | CelError {
  if (/^[+-]?\d{1,9}$/.test(text)) return Number(text);
  return new CelError(`strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
}

function zoneOffset(timestamp: CelTimestamp, zone: string): number | CelError {
  if (zone === '' || zone === 'UTC') return 0;
  const date = dateOf(timestamp, 0);
  try {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    const parts = new Map(format.formatToParts(date).map(({ type, value }) => [type, value]));
    const part = (name: Intl.DateTimeFormatPartTypes) => Number(parts.get(name));
    const local = new Date(0);
    const year = parts.get('era') === 'BC' ? 1 - part('year') : part('year');
    local.setUTCFullYear(year, part('month') - 1, part('day'));
    local.setUTCHours(part('hour'), part('minute'), part('second'));
    return Math.round((local.getTime() - Math.floor(date.getTime() / 1000) * 1000) / 1000);
  } catch {
    return new CelError(`unknown time zone ${zone}`);
  }
}
