export { admitEndpointSlice } from './admit-slice.ts';
export { ENDPOINT_CONTROLLERS, endpointHooks, PARTITION_SETS } from './endpoint-hooks.ts';
export { isPartitionOf, type Part, partitionFor, partsOf, shardSelectorOf } from './partition-set.ts';
export { TOPOLOGY_GROUP } from './settle-slice.ts';
export { ENDPOINT_SLICES, makeSlice } from './slice-of-export.ts';
