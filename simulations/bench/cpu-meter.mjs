import { readFileSync } from 'node:fs';

/** Ticks of /proc are 10 ms. */
const TICKS_PER_SECOND = 100;

/**
 * @typedef {object} CpuUse Shares of one core.
 * @property {number} server
 * @property {number} load This process: the load generator.
 * @property {number} others Everything else on the machine; NaN where there is no /proc. What others take
 *   is missing to both: such numbers say little.
 */

/**
 * Begins to measure; the function that it returns gives the use since then.
 *
 * @param {import('./server-process.mjs').ServerProcess} server
 * @returns {() => CpuUse}
 */
export function startCpuMeter(server) {
  const fromMs = performance.now();
  const serverFrom = server.cpuSeconds();
  const loadFrom = process.cpuUsage();
  const allFrom = busySeconds();
  return () => {
    const seconds = (performance.now() - fromMs) / 1000;
    const used = process.cpuUsage(loadFrom);
    const serverUse = (server.cpuSeconds() - serverFrom) / seconds;
    const load = (used.user + used.system) / 1e6 / seconds;
    const all = (busySeconds() - allFrom) / seconds;
    return { server: serverUse, load, others: Math.max(0, all - serverUse - load) };
  };
}

/** @param {CpuUse} use */
export function cpuText({ server, load, others }) {
  const percent = (share) => `${Math.round(share * 100)} %`;
  return `CPU: server ${percent(server)}, load ${percent(load)}${others > 0.1 ? `, OTHERS ${percent(others)}` : ''}`;
}

/** Processor time that the whole machine has used. */
function busySeconds() {
  try {
    // "cpu user nice system idle iowait irq softirq steal …"
    const [, user, nice, system, , , interrupts, softInterrupts] = readFileSync('/proc/stat', 'utf8')
      .slice(0, 200)
      .split(/\s+/)
      .map(Number);
    return (user + nice + system + interrupts + softInterrupts) / TICKS_PER_SECOND;
  } catch {
    return Number.NaN;
  }
}
