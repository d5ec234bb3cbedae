export type { AuthenticationOptions } from './authentication.ts';
export { makeDefaultBindings } from './default-bindings.ts';
export { type Member, type MemberLog, type MemberOptions, startMember } from './member.ts';
export { memberServices } from './services.ts';
export { StartError } from './start-error.ts';
