import { limits } from '../../base/mod.ts';
import type { Timing } from './turn.ts';

/** As members use it. */
export const HOMES_TIMING: Timing = {
  reachMs: limits.voterReachMs,
  tellMs: limits.heartbeatMs,
  campaignMs: limits.campaignMs,
  gatherMs: limits.campaignGatherMs,
  recoverMs: limits.homeRecoverMs,
  settleMs: limits.homeSettleMs,
  moveMs: limits.homeMoveMs,
};
