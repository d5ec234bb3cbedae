import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from './connection.mjs';
import { cpuText, startCpuMeter } from './cpu-meter.mjs';
import { fillNamespace } from './fill.mjs';
import { MARK_BYTE, MARK_DISTANCE_MIN } from './requests.mjs';
import { withUnit } from './rows.mjs';
import { withSession } from './session.mjs';

const MEBIBYTE = 2 ** 20;
const MEMORY_POLL_MS = 10;
/** What the server does after writes (compaction, garbage collection) is not part of a list. */
const SETTLE_MS = 2_000;

/**
 * Whole collections in one response: how long until it begins and ends, and what it costs in memory.
 *
 * @param {import('./options.mjs').Options} options
 * @returns {Promise<import('./rows.mjs').Row[]>}
 */
export function measureList(options) {
  return withSession(options, 'list', async (session) => {
    const { clients, fillSeconds } = options;
    const settleMs = options.isQuick ? 100 : SETTLE_MS;
    const fill = (namespace, count) =>
      fillNamespace(session, { namespace, count, clients, seconds: fillSeconds });
    const small = await fill('small', options.objectsOfSmallList);
    const large = await fill('large', options.objects);
    await delay(settleMs);
    const used = await listOnce(session, 'large', large.count);
    // A heap that has grown while it was filled hides what a list needs; a new process shows it.
    await session.restart();
    await delay(settleMs);
    const smallList = await listOnce(session, 'small', small.count);
    await delay(settleMs);
    const largeList = await listOnce(session, 'large', large.count);
    const extraBytes = Math.max(used.extraBytes, largeList.extraBytes);
    const cut = large.count < options.objects ? `; only ${large.count} could be created in time` : '';
    return [
      {
        name: `creates to fill ${large.count}`,
        value: large.perSecond,
        unit: '/s',
        note: `${clients} clients${cut}`,
      },
      ...listRows(smallList, small.count),
      ...listRows(largeList, large.count, { firstByteMs: 50 }),
      {
        name: `LIST ${large.count} extra memory`,
        value: extraBytes / MEBIBYTE,
        unit: 'MB',
        target: { atMost: 64 },
        note: `after a restart ${memoryText(largeList)}; before it ${memoryText(used)}`,
      },
      {
        // LevelDB maps its files: these pages are the kernel's cache, which it takes back when it needs them.
        name: `LIST ${large.count} pages of the database`,
        value: Math.max(used.mappedExtraBytes, largeList.mappedExtraBytes) / MEBIBYTE,
        unit: 'MB',
        note: 'mapped in addition during the list; counted in RSS, but not allocated',
      },
    ];
  });
}

function listRows(list, count, target) {
  const rows = [
    {
      name: `LIST ${count} first byte`,
      value: list.firstByteMs,
      unit: 'ms',
      ...(target && { target: { atMost: target.firstByteMs } }),
    },
    {
      name: `LIST ${count} total`,
      value: list.totalMs,
      unit: 'ms',
      note: `${withUnit(list.bodyBytes / MEBIBYTE, 'MB')}, ${withUnit(list.bodyBytes / MEBIBYTE / (list.totalMs / 1000), 'MB')}/s; ${cpuText(list.cpu)}`,
    },
  ];
  if (target === undefined) {
    rows.push({
      name: `LIST ${count} extra memory`,
      value: list.extraBytes / MEBIBYTE,
      unit: 'MB',
      note: memoryText(list),
    });
  }
  return rows;
}

function memoryText({ beforeBytes, extraBytes }) {
  return `${withUnit(beforeBytes / MEBIBYTE, 'MB')} + ${withUnit(extraBytes / MEBIBYTE, 'MB')}`;
}

/** Throws unless the list is complete. */
async function listOnce({ server, endpoint, requests }, namespace, count) {
  // A new connection: an older one may have been idle for so long that the server ends it.
  const connection = await Connection.open(endpoint);
  let firstByteMs = Number.NaN;
  let bodyBytes = 0;
  let objects = 0;
  let skip = 0;
  connection.onBody = (bytes, start, end) => {
    if (bodyBytes === 0) firstByteMs = performance.now() - connection.sentAtMs;
    bodyBytes += end - start;
    // Pieces end anywhere: what is left to skip goes on in the next one.
    let offset = start + skip;
    while (offset < end) {
      const mark = bytes.indexOf(MARK_BYTE, offset);
      if (mark < 0 || mark >= end) {
        offset = end;
        break;
      }
      objects += 1;
      offset = mark + MARK_DISTANCE_MIN;
    }
    skip = offset - end;
  };
  const before = server.memory();
  const peak = { ...before };
  const poll = setInterval(() => {
    const now = server.memory();
    peak.ownBytes = Math.max(peak.ownBytes, now.ownBytes);
    peak.mappedBytes = Math.max(peak.mappedBytes, now.mappedBytes);
  }, MEMORY_POLL_MS);
  const cpuMeter = startCpuMeter(server);
  const status = await new Promise((resolve) => connection.send(requests.list(namespace), resolve));
  const totalMs = performance.now() - connection.sentAtMs;
  const cpu = cpuMeter();
  clearInterval(poll);
  connection.close();
  if (status !== 200 || objects !== count) {
    const failure = connection.failure === undefined ? '' : ` (${connection.failure.message})`;
    throw new Error(
      `the list of ${namespace} had ${objects} of ${count} objects, status ${status}${failure}`,
    );
  }
  return {
    firstByteMs,
    totalMs,
    bodyBytes,
    cpu,
    beforeBytes: before.ownBytes,
    extraBytes: peak.ownBytes - before.ownBytes,
    mappedExtraBytes: peak.mappedBytes - before.mappedBytes,
  };
}
