export { homeClusterName } from './cluster-name.ts';
export { WorkspacePaths } from './paths.ts';
