import { createHash } from 'node:crypto';
import type { Position } from '../../store/mod.ts';
import type { ShardSettings } from './settings.ts';

/** A commit, as far as homes are concerned. */
export interface ModelFrame extends Position {
  readonly previous: Position;
  readonly text: string;
  readonly settings: ShardSettings | undefined;
  readonly isSeal: boolean;
  readonly isOpening: boolean;
}

export const BEGINNING: Position = { epoch: 0, sequence: 0, hash: new Uint8Array(32) };

/** A log as the store has it, on a disk that loses what was not synced: a list of frames in place of a LevelDB. */
export class ModelLog {
  /** In memory, with what is on its way to the disk. */
  frames: readonly ModelFrame[] = [];
  /** On the disk. */
  durable: readonly ModelFrame[] = [];
  visible: Position = BEGINNING;
  isHome = false;
  isSuspended = false;
  fork: string | undefined;
  #settings: { readonly of: readonly ModelFrame[]; readonly settings: ShardSettings | undefined } | undefined;

  get head(): Position {
    return this.frames.at(-1) ?? BEGINNING;
  }

  get end(): Position {
    return this.durable.at(-1) ?? BEGINNING;
  }

  get isSealed(): boolean {
    return this.durable.at(-1)?.isSeal ?? false;
  }

  get settings(): ShardSettings | undefined {
    return this.frames.findLast(({ settings }) => settings !== undefined)?.settings;
  }

  get settingsOnDisk(): ShardSettings | undefined {
    if (this.#settings?.of !== this.durable) {
      const found = this.durable.findLast(({ settings }) => settings !== undefined);
      this.#settings = { of: this.durable, settings: found?.settings };
    }
    return this.#settings.settings;
  }

  positionAt(sequence: number): Position | undefined {
    return this.durable[sequence - 1];
  }

  append(
    epoch: number,
    content: {
      readonly text: string;
      readonly settings?: ShardSettings;
      readonly isSeal?: boolean;
      readonly isOpening?: boolean;
    },
  ): ModelFrame {
    const previous = this.head;
    const { text, settings, isSeal = false, isOpening = false } = content;
    const hash = createHash('sha1').update(previous.hash).update(`${epoch} ${text}`).digest();
    const frame = {
      epoch,
      sequence: previous.sequence + 1,
      hash,
      previous,
      text,
      settings,
      isSeal,
      isOpening,
    };
    this.frames = [...this.frames, frame];
    return frame;
  }

  /** Takes another log over as far as the store would: newer epochs undo what they do not have. */
  apply(theirs: readonly ModelFrame[]): boolean {
    const last = theirs.at(-1);
    if (last === undefined || last.epoch < this.head.epoch) return false;
    let common = Math.min(theirs.length, this.frames.length);
    for (; common > 0; common--) {
      const [ours, other] = [this.frames[common - 1]!, theirs[common - 1]!];
      if (ours === other) break;
      // Frames are shared: others in the same place of the same epoch are a fork, whatever came before.
      if (ours.epoch === other.epoch)
        this.fork = `epoch ${ours.epoch}, sequence ${ours.sequence}: ${ours.text} and ${other.text}`;
    }
    if (last.epoch === this.head.epoch && theirs.length <= this.frames.length) return false;
    if (this.isHome && last.epoch > this.head.epoch) this.isHome = false;
    if (this.isHome) return false;
    this.frames = [...this.frames.slice(0, common), ...theirs.slice(common)];
    if (this.visible.sequence > common && this.frames.length > 0)
      this.visible = this.frames[common - 1] ?? BEGINNING;
    return true;
  }

  /** Loses power. */
  crash(): ModelLog {
    const survivor = new ModelLog();
    survivor.frames = this.durable;
    survivor.durable = this.durable;
    const visible = survivor.durable[this.visible.sequence - 1];
    survivor.visible = visible ?? BEGINNING;
    return survivor;
  }
}
