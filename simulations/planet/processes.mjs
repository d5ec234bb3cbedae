// What the processes of a planet, and the one that drives it, take of the machine: by /proc, so only on Linux.
import { readdirSync, readFileSync } from 'node:fs';

/**
 * Begins to measure; the function that it returns gives, for so many writes since then, how long each process computed for
 * one of them, and how long its threads were ready meanwhile and had no processor; and what share of the processors' time
 * the host of a virtual machine kept for others, with which all figures grow. Undefined where there is no /proc.
 */
export function startAccounts() {
  const before = accounts();
  const timesBefore = processorTimes();
  return (writes) => {
    if (before === undefined) return undefined;
    const rows = [];
    for (const [name, { cpuMs, waitMs }] of accounts()) {
      const first = before.get(name) ?? { cpuMs: 0, waitMs: 0 };
      const perWrite = (ms) => Math.round((ms * 100) / writes) / 100;
      rows.push({
        process: name,
        'CPU ms per write': perWrite(cpuMs - first.cpuMs),
        'ms without a processor per write': perWrite(waitMs - first.waitMs),
      });
    }
    const times = processorTimes();
    const kept = times.kept - timesBefore.kept;
    const keptPercent = Math.round((kept * 100) / Math.max(1, times.all - timesBefore.all));
    return { rows, keptPercent };
  };
}

/** What each kind of process has used so far, by its name. */
function accounts() {
  const parents = new Map();
  try {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      const stat = tryRead(`/proc/${pid}/stat`);
      if (stat !== undefined) parents.set(pid, stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    }
  } catch {
    return undefined;
  }
  const used = new Map();
  for (const pid of parents.keys()) {
    if (!isOurs(pid, parents)) continue;
    const name = nameOf(pid);
    const sum = used.get(name) ?? { cpuMs: 0, waitMs: 0 };
    for (const thread of threadsOf(pid)) {
      const [cpuNs = 0, waitNs = 0] = (tryRead(`/proc/${pid}/task/${thread}/schedstat`) ?? '')
        .split(' ')
        .map(Number);
      sum.cpuMs += cpuNs / 1e6;
      sum.waitMs += waitNs / 1e6;
    }
    used.set(name, sum);
  }
  return used;
}

/** Of all processors since the start, in ticks: all time, and what the host kept. */
function processorTimes() {
  const ticks = (tryRead('/proc/stat') ?? '').split('\n', 1)[0].split(/ +/).slice(1, 9).map(Number);
  return { all: ticks.reduce((sum, each) => sum + each, 0), kept: ticks[7] ?? 0 };
}

function isOurs(pid, parents) {
  for (let each = pid; each !== undefined; each = parents.get(each))
    if (each === String(process.pid)) return true;
  return false;
}

function nameOf(pid) {
  if (pid === String(process.pid)) return 'the client';
  const command = (tryRead(`/proc/${pid}/cmdline`) ?? '').split('\0');
  const region = command[command.indexOf('--region') + 1];
  if (command.includes('--region')) return `member ${region}`;
  const [, ofRegion] = /(\w+)\/(?:core|nats)\.conf/.exec(command.join(' ')) ?? [];
  return ofRegion === undefined ? 'the links' : `NATS ${ofRegion}`;
}

function threadsOf(pid) {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

function tryRead(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
