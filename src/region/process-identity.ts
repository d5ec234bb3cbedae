import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A process, told apart from a later one that the system gave the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in the operating system's own words; empty where that cannot be found out. */
  readonly started: string;
}

/** The process that has this number now. */
export function processIdentity(pid: number): ProcessIdentity {
  return { pid, started: startOf(pid) };
}

/**
 * Whether that very process is still running. A number that now belongs to another process does not
 * count: in a container the first process always has the same number, and after kill -9 and a restart the
 * lock of the old one must not look alive.
 */
export function isRunning(identity: ProcessIdentity): boolean {
  try {
    process.kill(identity.pid, 0);
  } catch (error) {
    // EPERM: it exists, but belongs to somebody else.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  if (identity.started === '') return true;
  const started = startOf(identity.pid);
  return started === '' || started === identity.started;
}

function startOf(pid: number): string {
  if (process.platform === 'linux') return linuxStartOf(pid);
  if (process.platform === 'win32') return '';
  try {
    const output = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 2000,
      env: { PATH: '/bin:/usr/bin', LC_ALL: 'C' },
    });
    return output.trim();
  } catch {
    return '';
  }
}

// The start time counts clock ticks since boot, so that it means something only beside the boot's id.
function linuxStartOf(pid: number): string {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the command in parentheses and may itself contain spaces and parentheses.
    const fields = status.slice(status.lastIndexOf(')') + 2).split(' ');
    // A zombie holds nothing any more: its parent has merely not asked for its exit code yet.
    if (fields[0] === 'Z' || fields[0] === 'X') return 'ended';
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot}/${fields[19] ?? ''}`;
  } catch {
    return '';
  }
}
