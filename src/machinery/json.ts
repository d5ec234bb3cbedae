/** JSON on the wire: an exact, bounded parser and a canonical encoder. */
export { encodeJson, encodeObject, encodePretty } from './json-encoder.ts';
export {
  JSON_DEPTH_MAX,
  JSON_NODES_MAX,
  JsonSyntaxError,
  type ParsedJson,
  parseJson,
} from './json-parser.ts';
