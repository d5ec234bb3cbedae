import { exitCode } from '../exit-code.ts';
import { Failure } from '../failure.ts';

/** A refusal of the server: a Status of Kubernetes, or what came in its place. */
export class ApiFailure extends Failure {
  readonly status: number;
  readonly reason: string;
  /** The reasons of the causes that the server names. */
  readonly causes: readonly string[];

  constructor(status: number, body: unknown, method: string, url: URL) {
    const fields: StatusFields = isStatus(body) ? body : {};
    const message = typeof fields.message === 'string' && fields.message !== '' ? fields.message : undefined;
    super(message ?? `${url.host} answered ${method} ${url.pathname} with status ${status}`, {
      exitCode: exitCodeOf(status),
    });
    this.status = status;
    this.reason = typeof fields.reason === 'string' ? fields.reason : '';
    this.causes = causesOf(fields);
  }

  get isNotFound(): boolean {
    return this.status === 404;
  }

  get isForbidden(): boolean {
    return this.status === 403;
  }

  /** Somebody else has made an object of that name already. */
  get alreadyExists(): boolean {
    return this.status === 409 && this.reason === 'AlreadyExists';
  }

  /** The object is not what it was when it was read. */
  get isConflict(): boolean {
    return this.status === 409 && this.reason === 'Conflict';
  }
}

function exitCodeOf(status: number): 1 | 3 | 4 | 5 {
  if (status === 404) return exitCode.notFound;
  if (status === 401 || status === 403) return exitCode.forbidden;
  return status === 409 ? exitCode.conflict : exitCode.failed;
}

function causesOf({ details }: { readonly details?: unknown }): readonly string[] {
  if (typeof details !== 'object' || details === null || !('causes' in details)) return [];
  const causes: readonly unknown[] = Array.isArray(details.causes) ? details.causes : [];
  return causes.flatMap((cause) =>
    typeof cause === 'object' && cause !== null && 'reason' in cause && typeof cause.reason === 'string'
      ? [cause.reason]
      : [],
  );
}

interface StatusFields {
  readonly message?: unknown;
  readonly reason?: unknown;
  readonly details?: unknown;
}

function isStatus(body: unknown): body is StatusFields {
  return typeof body === 'object' && body !== null && 'kind' in body && body.kind === 'Status';
}
