import { conflictsOf, type LeftOut, type Materialised, type RegisterView } from '../../convergent/mod.ts';
import {
  type ConditionVerdict,
  encodeJson,
  formatTime,
  isObject,
  type JsonObject,
  type KubeObject,
  newObject,
  objectAt,
  objectOf,
  objectsAt,
  textAt,
  withConditions,
} from '../../machinery/mod.ts';

/** Another object of the same name, which was created later. */
export interface NameLoser {
  readonly uid: string;
  readonly region: string;
  readonly timeMs: number;
}

/** What the merge has to say of an object: no part of its document, and the same in every region. */
interface Note {
  readonly type: 'MergeInvalid' | 'Conflict';
  readonly reason: string;
  readonly message: string;
  readonly timeMs: number;
}

/** Where there are no conditions it is said in annotations. */
const ANNOTATIONS = {
  MergeInvalid: 'planet.antipode.dev/merge-invalid',
  Conflict: 'planet.antipode.dev/conflict',
} as const;
const TYPES = Object.keys(ANNOTATIONS) as (keyof typeof ANNOTATIONS)[];
/** Enough to see what has happened. */
const TOLD_MAX = 10;
const VALUE_LENGTH_MAX = 200;

/** What is to be said of what a document says. */
export function notesOf(
  view: RegisterView,
  { leftOut, isValid }: Materialised,
  losers: readonly NameLoser[],
): readonly Note[] {
  return [...invalidNotes(leftOut, isValid), ...conflictNotes(view, losers)];
}

/** Says it in the object, in place. */
export function addNotes(object: KubeObject, notes: readonly Note[], hasConditions: boolean): void {
  for (const { type, reason, message, timeMs } of notes) {
    if (hasConditions) {
      const verdict: ConditionVerdict = { type, status: 'True', reason, message };
      const status = objectAt(object, 'status') ?? newObject();
      status['conditions'] = withConditions(objectsAt(status, 'conditions'), [verdict], formatTime(timeMs));
      object['status'] = status;
    } else {
      const given = object.metadata.annotations ?? {};
      object.metadata.annotations = objectOf({ ...given, [ANNOTATIONS[type]]: message }) as {
        [key: string]: string;
      };
    }
  }
}

/** Takes it out of an object again, in place: nobody writes it. */
export function removeNotes(object: KubeObject): KubeObject {
  const status = objectAt(object, 'status');
  const conditions = objectsAt(status, 'conditions');
  const own = conditions.filter((condition) => !isNote(condition));
  if (status !== undefined && own.length < conditions.length) {
    if (own.length > 0) status['conditions'] = own;
    else delete status['conditions'];
    if (Object.keys(status).length === 0) delete object['status'];
  }
  const { annotations } = object.metadata;
  if (isObject(annotations) && TYPES.some((type) => Object.hasOwn(annotations, ANNOTATIONS[type]))) {
    for (const type of TYPES) delete annotations[ANNOTATIONS[type]];
    if (Object.keys(annotations).length === 0) delete object.metadata.annotations;
  }
  return object;
}

function isNote(condition: JsonObject): boolean {
  return (TYPES as readonly string[]).includes(textAt(condition, 'type'));
}

function invalidNotes(leftOut: readonly LeftOut[], isValid: boolean): readonly Note[] {
  if (!isValid) {
    const message = 'what regions have written breaks the rules of the kind, whatever is left out';
    return [{ type: 'MergeInvalid', reason: 'NotValid', message, timeMs: 0 }];
  }
  if (leftOut.length === 0) return [];
  const told = leftOut.map(({ field, region, timeMs }) => `${field} (${region}, ${formatTime(timeMs)})`);
  return [
    {
      type: 'MergeInvalid',
      reason: 'FieldsLeftOut',
      message: `writes of several regions break the rules of the kind together; left out: ${listed(told)}`,
      timeMs: newestOf(leftOut),
    },
  ];
}

/** Controllers of all regions write status and ownership all the time, and say the same. */
const SILENT = /^\.(status|metadata\.managedFields)\b/;

function conflictNotes(view: RegisterView, losers: readonly NameLoser[]): readonly Note[] {
  const fields = conflictsOf(view).filter(({ field }) => !SILENT.test(field));
  if (fields.length === 0 && losers.length === 0) return [];
  const names = [...losers].sort((a, b) => (a.uid < b.uid ? -1 : 1));
  const messages = [
    ...(names.length === 0
      ? []
      : [
          `the same name was given to ${listed(
            names.map(({ uid, region, timeMs }) => `${uid} (${region}, ${formatTime(timeMs)})`),
          )}, created later and not served`,
        ]),
    ...(fields.length === 0
      ? []
      : [
          `written in several regions at the same time: ${listed(
            fields.map(({ field, winner, losers: others }) => {
              const values = [winner, ...others].map(
                ({ region, timeMs, value }) => `${region} ${formatTime(timeMs)} ${valueText(value)}`,
              );
              return `${field} (${values.join('; ')})`;
            }),
          )}`,
        ]),
  ];
  return [
    {
      type: 'Conflict',
      reason: names.length > 0 ? 'NameTakenTwice' : 'ConcurrentWrites',
      message: messages.join('; '),
      timeMs: newestOf([...names, ...fields.flatMap(({ winner, losers: others }) => [winner, ...others])]),
    },
  ];
}

function valueText(value: Parameters<typeof encodeJson>[0] | undefined): string {
  if (value === undefined) return 'removed';
  const text = encodeJson(value);
  return text.length > VALUE_LENGTH_MAX ? `${text.slice(0, VALUE_LENGTH_MAX)}…` : text;
}

function listed(texts: readonly string[]): string {
  const told = texts.slice(0, TOLD_MAX).join(', ');
  return texts.length > TOLD_MAX ? `${told} and ${texts.length - TOLD_MAX} more` : told;
}

function newestOf(all: readonly { readonly timeMs: number }[]): number {
  return all.reduce((newest, { timeMs }) => Math.max(newest, timeMs), 0);
}
