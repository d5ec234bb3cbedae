import { encodeJson, type KubeObject, type Schema } from '../machinery/mod.ts';
import { clientIdOf } from './client-id.ts';
import { conflictsOf } from './conflicts.ts';
import { ConvergentDocument } from './document.ts';
import { documentDigest } from './document-digest.ts';
import {
  acknowledgeEdit,
  createEdit,
  deleteEdit,
  type Edit,
  restampEdit,
  updateEdit,
  type Writer,
} from './edit.ts';
import { DELETED_PATH, isDeleted, owesAcknowledgement } from './lifetime.ts';
import { LwwOracle } from './lww-oracle.suite.ts';
import { type Materialised, materialise, type ObjectCheck } from './materialise.ts';
import { Dice, randomEdit, randomKind, randomObject, typeOfSchema } from './random-objects.suite.ts';
import type { Register } from './register.ts';
import type { ObjectType } from './register-type.ts';
import { type RegisterView, viewRegisters } from './register-view.ts';
import { type Stamp, stampHorizon } from './stamps.ts';

/** One step of a history. What it does exactly follows from its seed. */
export interface Step {
  readonly kind: 'edit' | 'editOld' | 'send' | 'deliver' | 'restart' | 'delete' | ClockStep;
  readonly region: number;
  readonly seed: number;
}

/** A clock goes wrong, by much, or right again; an operator says what a wrong one has written; or time passes. */
export type ClockStep = 'skew' | 'ahead' | 'behind' | 'right' | 'restamp' | 'wait';

export interface History {
  readonly seed: number;
  readonly regions: number;
  readonly steps: readonly Step[];
}

/** What a planted bug does to a region's state or message. Absent: what the product does. */
export interface Bugs {
  readonly edit?: (edit: Edit) => Edit;
  readonly write?: (edit: Edit) => Edit;
  readonly horizon?: (horizon: Stamp) => Stamp;
  readonly materialise?: (view: RegisterView, check: ObjectCheck, region: number) => Materialised | undefined;
  readonly registers?: (registers: Iterable<Register>, region: number) => Iterable<Register>;
  readonly client?: (region: number, startMs: number) => number;
  readonly merge?: (bytes: Uint8Array, region: number) => Uint8Array;
}

interface Message {
  readonly bytes: Uint8Array;
  readonly oracle: LwwOracle;
}

const REGION_NAMES = ['ap', 'eu', 'us', 'sa', 'af', 'me', 'cn'];
const PLACE = { logicalCluster: 'root', group: 'example.io', resource: 'things' };

/** A region: the document, and beside it the oracle, through which everything goes as well. */
class Region {
  readonly index: number;
  readonly name: string;
  document = ConvergentDocument.create();
  readonly oracle = LwwOracle.create();
  client: number;
  skewMs = 0;
  /** What was read here once, and may be edited later. */
  read: KubeObject | undefined;

  constructor(index: number, client: number) {
    this.index = index;
    this.name = REGION_NAMES[index]!;
    this.client = client;
  }

  get writer(): Writer {
    return { client: this.client, region: this.name };
  }
}

/** A few regions with one object, and messages on their way between them, some of them more than once, some of them never. */
export class World {
  readonly #dice: Dice;
  readonly #kind: Schema;
  readonly #type: ObjectType;
  readonly #regions: readonly Region[];
  readonly #messages: Message[] = [];
  readonly #check: ObjectCheck;
  readonly #bugs: Bugs;
  #nowMs = Date.UTC(2026, 5, 1);
  /** What did not come out as it should have. */
  readonly faults: string[] = [];
  edits = 0;

  constructor({ seed, regions }: History, bugs: Bugs = {}) {
    this.#bugs = bugs;
    this.#dice = new Dice(seed);
    this.#kind = randomKind(this.#dice);
    this.#type = typeOfSchema(this.#kind);
    this.#check = this.#dice.chance(40) ? smallObjects(this.#kind, this.#dice) : () => true;
    this.#regions = Array.from({ length: regions }, (_, index) => new Region(index, this.#newClient(index)));
    this.#create();
  }

  run({ steps }: History): void {
    for (const step of steps) {
      this.#nowMs += 1 + (step.seed % 40);
      this.#step(step, this.#regions[step.region % this.#regions.length]!);
    }
    this.#settle();
    this.#compare(this.#nowMs);
    // What was parked counts after a while, everywhere, and until then they agree as well.
    const { parked } = this.#view(this.#regions[0]!, this.#nowMs);
    if (parked.length === 0) return;
    this.#compare(this.#dice.pick(parked).countsAtMs);
    this.#compare(this.#nowMs + 3_600_000);
  }

  #step({ kind, seed }: Step, region: Region): void {
    const dice = new Dice(seed);
    switch (kind) {
      case 'edit':
      case 'editOld':
        return this.#edit(region, dice, kind === 'editOld');
      case 'send':
        this.#messages.push(this.#message(region));
        return;
      case 'deliver':
        if (this.#messages.length > 0) this.#deliver(region, dice.pick(this.#messages));
        return;
      case 'restart':
        return this.#restart(region);
      case 'delete':
        return this.#delete(region);
      case 'skew':
        region.skewMs = dice.chance(30) ? 20_000 : dice.below(3_000) - 1_500;
        return;
      case 'ahead':
        region.skewMs = 5_500 + dice.below(30_000);
        return;
      case 'behind':
        region.skewMs = -dice.below(40_000);
        return;
      case 'right':
        region.skewMs = 0;
        return;
      case 'restamp':
        return this.#restamp(region, dice);
      case 'wait':
        this.#nowMs += dice.below(25_000);
        return;
    }
  }

  #newClient(index: number): number {
    const startMs = this.#nowMs;
    return this.#bugs.client?.(index, startMs) ?? clientIdOf({ startMs, member: index });
  }

  #create(): void {
    const region = this.#regions[0]!;
    let object = randomObject(this.#dice, this.#kind, 'uid');
    for (let attempt = 0; attempt < 20 && !this.#check(object); attempt++) {
      object = randomObject(this.#dice, this.#kind, 'uid');
    }
    const nowMs = this.#nowMs;
    this.#write(region, createEdit({ object, type: this.#type, place: PLACE, writer: region.writer, nowMs }));
    for (const other of this.#regions.slice(1))
      if (this.#dice.chance(70)) this.#deliver(other, this.#message(region));
  }

  #edit(region: Region, dice: Dice, isOld: boolean): void {
    const nowMs = this.#nowMs + region.skewMs;
    const view = this.#view(region, nowMs);
    const current = this.#materialise(view, region)?.object;
    if (current === undefined) return;
    const old = isOld ? (region.read ?? current) : current;
    const object = randomEdit(dice, old, this.#kind);
    if (!this.#check(object)) return;
    const type = this.#type;
    const edit = updateEdit(view, { type, current, old, object, isHome: true, writer: region.writer, nowMs });
    this.#write(region, edit);
    this.edits++;
    const now = this.#materialise(this.#view(region, nowMs), region)?.object;
    if (old === current) this.#expectSame('after an edit', now, withGeneration(object, now));
    if (dice.chance(30)) region.read = now;
  }

  #delete(region: Region): void {
    const nowMs = this.#nowMs + region.skewMs;
    const view = this.#view(region, nowMs);
    const current = this.#materialise(view, region)?.object;
    if (current === undefined || (current.metadata.finalizers?.length ?? 0) > 0) return;
    this.#write(region, deleteEdit(view, { writer: region.writer, nowMs, current }));
    if (this.#materialise(this.#view(region, nowMs), region) !== undefined)
      this.faults.push('deleted and still there');
  }

  /** A process ends, and another one opens what is on the disk. */
  #restart(region: Region): void {
    region.document = ConvergentDocument.open(region.document.encode());
    region.client = this.#newClient(region.index);
  }

  /** What an operator does about a process with a clock that is ahead: it is told, and started anew. */
  #restamp(region: Region, dice: Dice): void {
    const nowMs = this.#nowMs + region.skewMs;
    const view = this.#view(region, nowMs);
    if (view.parked.length === 0) return;
    const { client } = dice.pick(view.parked);
    this.#write(
      region,
      restampEdit(view, { client, above: stampHorizon(nowMs), writer: region.writer, nowMs }),
    );
    const wrong = this.#regions.find((other) => other.client === client);
    if (wrong === undefined) return;
    wrong.skewMs = 0;
    this.#restart(wrong);
  }

  #write(region: Region, made: Edit): void {
    const edit = this.#bugs.edit?.(made) ?? made;
    region.document.write(this.#bugs.write?.(edit) ?? edit);
    region.oracle.write(edit, this.#nowMs);
  }

  #message(region: Region): Message {
    return { bytes: region.document.encode(), oracle: region.oracle.copy() };
  }

  #deliver(region: Region, { bytes, oracle }: Message): void {
    const got = this.#bugs.merge?.(bytes, region.index) ?? bytes;
    region.document.merge(got, { own: region.client });
    region.oracle.merge(oracle);
    if (![...region.document.registers()].some(({ path }) => path === DELETED_PATH)) return;
    const view = this.#view(region, this.#nowMs);
    if (!owesAcknowledgement(view, region.name)) return;
    this.#write(region, acknowledgeEdit(view, { writer: region.writer, nowMs: this.#nowMs }));
  }

  /** Everybody hears of everything, in some order, some of it twice, until nothing is new. */
  #settle(): void {
    for (let round = 0; round < 3; round++) {
      const messages = this.#regions.map((region) => this.#message(region));
      for (const region of this.#dice.shuffle(this.#regions)) {
        for (const message of this.#dice.shuffle(
          this.#dice.chance(30) ? [...messages, this.#dice.pick(messages)] : messages,
        )) {
          this.#deliver(region, message);
        }
      }
      const digests = new Set(this.#regions.map(({ document }) => digestText(document.registers())));
      if (digests.size === 1) return;
    }
    this.faults.push('regions that have heard of everything say different things');
  }

  #compare(nowMs: number): void {
    const texts = this.#regions.map((region) => {
      const view = this.#view(region, nowMs);
      const told = this.#told(this.#materialise(view, region), view);
      // All oracles are one state by now, as all documents are.
      if (region.index > 0) return told;
      this.#compareRanking(region, view, nowMs);
      const oracle = viewRegisters(region.oracle.registers(), { horizon: stampHorizon(nowMs) });
      this.#expectText('the oracle', this.#told(materialise(oracle, this.#check), oracle), told);
      return told;
    });
    for (const text of texts) this.#expectText('another region', text, texts[0]!);
    const { document } = this.#regions[0]!;
    const copy = ConvergentDocument.open(document.encode());
    this.#expectText('its bytes', digestText(copy.registers()), digestText(document.registers()));
    if (copy.merge(document.encode())) this.faults.push('a document is news to itself');
    this.#expectSize(document);
  }

  /** At every path the same registers count, in the same order, as the oracle says by its own rule. */
  #compareRanking({ document, oracle }: Region, { byPath }: RegisterView, nowMs: number): void {
    const said = digestText(document.registers());
    this.#expectText('the registers', said, digestText(oracle.registers()));
    for (const [path, writes] of oracle.ranking(nowMs)) {
      this.#expectText(path, (byPath.get(path) ?? []).map(describe).join(), writes.map(describe).join());
    }
    for (const path of oracle.upsets(nowMs)) this.faults.push(`${path}: an older value counts`);
  }

  /** Every register, and every client, costs so much at most, however often it was written. */
  #expectSize(document: ConvergentDocument): void {
    let allowed = 100 + 40 * document.vector().size;
    for (const { path, region, value } of document.registers()) {
      allowed +=
        260 + 3 * (path.length + region.length) + (value === undefined ? 0 : 2 * encodeJson(value).length);
    }
    const size = document.encode().byteLength;
    if (size > allowed) this.faults.push(`a document of ${size} bytes should have ${allowed} at most`);
  }

  #told(materialised: Materialised | undefined, view: RegisterView): string {
    if (materialised === undefined) return isDeleted(view) ? 'deleted' : 'not there';
    const { object, leftOut, isValid } = materialised;
    if (isValid !== this.#check(object)) this.faults.push('valid or not, but not as it says');
    const left = leftOut.map(({ path, region, timeMs }) => `${path} ${region} ${timeMs}`);
    const conflicts = conflictsOf(view).map(({ path, winner, losers }) => [
      path,
      winner.region,
      ...losers.map(({ region }) => region),
    ]);
    return `${encodeJson(object)} ${left.join()} ${JSON.stringify(conflicts)}`;
  }

  #view(region: Region, nowMs: number): RegisterView {
    const registers = region.document.registers();
    const horizon = this.#bugs.horizon?.(stampHorizon(nowMs)) ?? stampHorizon(nowMs);
    return viewRegisters(this.#bugs.registers?.(registers, region.index) ?? registers, { horizon });
  }

  #materialise(view: RegisterView, { index }: Region): Materialised | undefined {
    return this.#bugs.materialise === undefined
      ? materialise(view, this.#check)
      : this.#bugs.materialise(view, this.#check, index);
  }

  #expectSame(where: string, found: KubeObject | undefined, wanted: KubeObject): void {
    this.#expectText(where, found === undefined ? 'nothing' : encodeJson(found), encodeJson(wanted));
  }

  #expectText(where: string, found: string, wanted: string): void {
    if (found !== wanted) this.faults.push(`${where}: ${found} instead of ${wanted}`);
  }
}

/** Runs a history; what went wrong, empty if nothing did. */
export function runHistory(
  history: History,
  bugs?: Bugs,
): { readonly faults: readonly string[]; readonly edits: number } {
  const world = new World(history, bugs);
  world.run(history);
  return { faults: world.faults, edits: world.edits };
}

/** What the other histories seldom come to: a region replaces what another one has written with a clock that is ahead. */
export function clockTrouble(seeds: () => number): readonly Step[] {
  const kinds = ['ahead', 'edit', 'edit', 'send', 'deliver', 'edit', 'edit', 'right'] as const;
  return kinds.map((kind, index) => ({ kind, region: index < 4 || kind === 'right' ? 0 : 1, seed: seeds() }));
}

/** The generation counts the edits of all regions, so that after merges it is not one more than what was read. */
function withGeneration(object: KubeObject, now: KubeObject | undefined): KubeObject {
  const generation = now?.metadata.generation ?? 0;
  return { ...object, metadata: { ...object.metadata, generation } };
}

/** A rule that two edits can break together though neither does: so many members, and a list so long, at most. */
function smallObjects(kind: Schema, dice: Dice): ObjectCheck {
  const names = Object.keys(kind.properties!['spec']!.properties ?? {});
  const max = 1 + dice.below(3);
  const barred = dice.shuffle(names).slice(0, 2);
  return (object) => {
    const spec = object['spec'];
    if (typeof spec !== 'object' || spec === null || Array.isArray(spec)) return true;
    const sizes = Object.values(spec)
      .filter((value) => Array.isArray(value))
      .map((value) => (value as unknown[]).length);
    return !barred.every((name) => spec[name] !== undefined) && sizes.every((size) => size <= max);
  };
}

function describe({ region, stamp, client, clock, value }: Register): string {
  return `${region} ${stamp} ${client} ${clock} ${value === undefined ? 'nothing' : encodeJson(value)}`;
}

function digestText(registers: Iterable<Register>): string {
  return Buffer.from(documentDigest(registers)).toString('hex');
}
