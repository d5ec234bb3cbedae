export {
  AdmissionChain,
  type AdmissionPlugin,
  type AdmissionReads,
  type AdmissionRequest,
  type Operation,
} from './chain.ts';
export { type ClaimsAt, ClaimTable } from './claims/mod.ts';
export { namespaceKey } from './namespace-lifecycle.ts';
export { type AdmissionChoice, AdmissionChoiceError, chosenPlugins } from './plugin-names.ts';
export { type AdmissionGround, admissionPlugins } from './plugins.ts';
export * from './quota/mod.ts';
export { isAbout, newAdmissionForbidden } from './refusal.ts';
