/** Kubernetes' binary encoding: between bytes and the JSON values that the rest of the server works on. */
export {
  canEncodeProtobuf,
  type DecodedProtobuf,
  decodeProtobuf,
  encodeProtobuf,
  encodeWatchFrame,
} from './codec.ts';
export { EnvelopeError, hasProtobufMagic } from './envelope.ts';
export { ProtobufListEncoder } from './list-encoder.ts';
