export {
  answerConfirm,
  CONFIRM_TOPIC,
  type Confirmation,
  Confirmer,
  type ConfirmingOptions,
} from './confirm.ts';
export { type Asking, FORWARD_TOPIC, Forwarder, type ForwardOutcome, type HomeAway } from './forwarder.ts';
export type { ForwardedResponse, ForwardedUser, HeaderLine, RequestContent } from './messages.ts';
export { ForwardReceiver, type ForwardReceiverOptions, type ReceivedRequest } from './receiver.ts';
export { ed25519Keys, type MemberKeys } from './signed.ts';
