/** YAML on the wire, with the semantics of sigs.k8s.io/yaml: it stands for JSON and nothing more. */
export { encodeYaml } from './yaml-encoder.ts';
export { parseYaml, YamlSyntaxError } from './yaml-parser.ts';
