import type { LogicalCluster } from '../base/mod.ts';
import { parseLogicalCluster } from '../base/mod.ts';
import { isObject, type JsonObject, objectAt, parseJson, textAt } from '../machinery/mod.ts';
import { REMEMBERED_FIELD, type Row } from '../store/mod.ts';
import { OWNER, PATH, REQUIRED_GROUPS, TYPE } from './names.ts';

/** What has to be known of a Workspace to go through it. */
export interface WorkspaceFacts {
  /** Undefined before it has one, and of a mount. */
  readonly cluster: LogicalCluster | undefined;
  readonly phase: string;
  readonly isMount: boolean;
  readonly url: string;
}

/** What a logical cluster says of itself. */
export interface LogicalClusterFacts {
  /** Undefined of one that is in no tree: such a one is known by its name. */
  readonly path: string | undefined;
  readonly type: string | undefined;
  /** Where its type lay when it was made; undefined of one that an older version has made. */
  readonly typeCluster: LogicalCluster | undefined;
  readonly owner: string | undefined;
  readonly requiredGroups: string | undefined;
}

/** Facts of rows: parsed once, and remembered as long as the store remembers the row. */
export function factsOf<Facts>(read: (object: JsonObject, row: Row) => Facts): (row: Row) => Facts {
  const known = new WeakMap<Row, Facts>();
  return (row) => {
    let facts = known.get(row);
    if (facts === undefined) {
      const { value } = parseJson(row.json);
      facts = read(isObject(value) ? value : {}, row);
      known.set(row, facts);
    }
    return facts;
  };
}

export const workspaceFacts = factsOf((object): WorkspaceFacts => {
  const spec = objectAt(object, 'spec');
  const isMount = objectAt(spec, 'mount') !== undefined;
  return {
    // Whatever a mount may say: no path leads through it to a logical cluster.
    cluster: isMount ? undefined : parseLogicalCluster(textAt(spec, 'cluster')),
    phase: textAt(objectAt(object, 'status'), 'phase'),
    isMount,
    url: textAt(spec, 'URL'),
  };
});

export const logicalClusterFacts = factsOf((object, row): LogicalClusterFacts => {
  const annotations = objectAt(objectAt(object, 'metadata'), 'annotations');
  const said = (name: string) => textAt(annotations, name) || undefined;
  return {
    path: said(PATH),
    type: said(TYPE),
    typeCluster: row.fields[REMEMBERED_FIELD] as LogicalCluster | undefined,
    owner: said(OWNER),
    requiredGroups: said(REQUIRED_GROUPS),
  };
});
