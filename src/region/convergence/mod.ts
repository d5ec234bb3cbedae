export {
  type ConvergenceOptions,
  createConvergence,
  type MemberConvergence,
  PeerClocks,
} from './create-convergence.ts';
export {
  type ConvergenceParts,
  type ConvergenceReport,
  type ConvergenceStatus,
  type RunningConvergence,
  startConvergence,
} from './start-convergence.ts';
