import type { ApplyType } from './apply-type.ts';
import { FieldSet, type FieldSetEntries, type FieldSetEntry, LEAF } from './field-set.ts';
import { mapEntries } from './field-set-algebra.ts';

/**
 * The set with every declared field that has members below it as a member too: what is needed to remove a
 * struct as a whole once all that was in it is gone.
 */
export function withNamedFields(set: FieldSet, type: ApplyType | undefined): FieldSet {
  const fields = mapEntries(set.fields, (entry, name) => {
    if (entry.children === undefined) return entry;
    const field = type?.map?.field(name);
    const children = withNamedFields(entry.children, field ?? type?.map?.others);
    const isMember = entry.isMember || field !== undefined;
    return withChildren(entry, isMember, children);
  });
  const items = mapEntries(set.items, (entry, text) => {
    if (entry.children === undefined) return entry;
    // Only items with keys have a type of their own here; those of sets are scalars.
    const below = text.startsWith('k:') ? type?.list?.items : undefined;
    return withChildren(entry, entry.isMember, withNamedFields(entry.children, below));
  });
  return fields === set.fields && items === set.items ? set : FieldSet.from(fields, items);
}

/**
 * The set as it must be under a schema in which granular maps or lists have become atomic: what was owned
 * below them is owned as the whole. The other way round, nothing changes until the owner writes again.
 */
export function reconcileSet(set: FieldSet, type: ApplyType): FieldSet {
  const { map, list } = type;
  if (map !== undefined) {
    if (map.isUntyped || map.isAtomic) return set;
    return rebuilt(set, {
      fields: mapEntries(set.fields, (entry, name) =>
        entry.children === undefined ? entry : reconcileEntry(entry, map.field(name) ?? map.others),
      ),
      items: mapEntries(set.items, (entry) => reconcileEntry(entry, map.others)),
    });
  }
  if (list === undefined || list.isAtomic) return set;
  return rebuilt(set, {
    fields: mapEntries(set.fields, (entry) => reconcileEntry(entry, list.items)),
    items: mapEntries(set.items, (entry) => reconcileEntry(entry, list.items)),
  });
}

function reconcileEntry(entry: FieldSetEntry, type: ApplyType | undefined): FieldSetEntry {
  if (entry.children === undefined || type === undefined) return entry;
  if (type.map === undefined ? type.list?.isAtomic === true : type.map.isAtomic && !type.map.isUntyped) {
    return LEAF;
  }
  return withChildren(entry, entry.isMember, reconcileSet(entry.children, type));
}

function withChildren(entry: FieldSetEntry, isMember: boolean, children: FieldSet): FieldSetEntry {
  return isMember === entry.isMember && children === entry.children ? entry : { isMember, children };
}

function rebuilt(
  set: FieldSet,
  {
    fields,
    items,
  }: { readonly fields: FieldSetEntries | undefined; readonly items: FieldSetEntries | undefined },
): FieldSet {
  return fields === set.fields && items === set.items ? set : FieldSet.from(fields, items);
}
