import { type CelType, durationType, timestampType } from './types.ts';

/** A point in time, years 1 to 9999, to the nanosecond. */
export class CelTimestamp {
  /** Since 1970-01-01T00:00:00Z; may be negative. */
  readonly epochNanos: bigint;

  constructor(epochNanos: bigint) {
    this.epochNanos = epochNanos;
  }

  get type(): CelType {
    return timestampType;
  }
}

/** A span of time: 64-bit nanoseconds, as Go's. */
export class CelDuration {
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    this.nanos = nanos;
  }

  get type(): CelType {
    return durationType;
  }
}
