/** A computation that waits now and then, and runs without a promise as long as it does not. */
export type Steps<T> = Generator<Promise<unknown>, T, unknown>;

/** Runs the computation: its result at once, or a promise of it where it had to wait. */
export function runSteps<T>(steps: Steps<T>): T | Promise<T> {
  const first = steps.next();
  return first.done === true ? first.value : finish(steps, first.value);
}

/** The value, waiting for it only if it is a promise. */
export function* waitFor<T>(value: T | Promise<T>): Steps<T> {
  return value instanceof Promise ? ((yield value) as T) : value;
}

/** Lets others have a turn, if the caller wants that. */
export function* rest({ pause }: { readonly pause?: () => Promise<void> | undefined }): Steps<void> {
  const turn = pause?.();
  if (turn !== undefined) yield turn;
}

async function finish<T>(steps: Steps<T>, first: Promise<unknown>): Promise<T> {
  let pending = first;
  for (;;) {
    const step = await settled(pending).then((resume) => resume(steps));
    if (step.done === true) return step.value;
    pending = step.value;
  }
}

type Resume = <T>(steps: Steps<T>) => IteratorResult<Promise<unknown>, T>;

function settled(pending: Promise<unknown>): Promise<Resume> {
  return pending.then<Resume, Resume>(
    (value) => (steps) => steps.next(value),
    (error) => (steps) => steps.throw(error),
  );
}
