export {
  AdmissionChain,
  type AdmissionPlugin,
  type AdmissionReads,
  type AdmissionRequest,
  type Operation,
} from './chain.ts';
export { namespaceLifecycle } from './namespace-lifecycle.ts';
export * from './quota/mod.ts';
