import type { ApiClient } from '../client/client.ts';

/** What a step needs. */
export interface Surroundings {
  readonly client: ApiClient;
  /** When nothing is waited for any longer. */
  readonly deadlineMs: number;
  nowMs(): number;
  say(line: string): void;
}

export interface Step {
  /** `Creating organization workspace "quickstart-org"`. */
  readonly title: string;
  run(surroundings: Surroundings): Promise<void>;
}

/** Something to set up, and to remove again. */
export interface Scenario {
  readonly name: string;
  readonly steps: readonly Step[];
  readonly samples: readonly Step[];
  readonly cleanup: readonly Step[];
  /** What to say when all is done. */
  summary(withSamples: boolean): string;
  /** The path of the workspace to go to. */
  enters(): string;
}
