import { openConnections } from './connection.mjs';

const TICK_MS = 4;
const CONNECTIONS = 32;

/** Updates ConfigMaps at a given rate, whatever the server makes of it: each connection has one of its own. */
export class PacedWriter {
  /** Writes that were answered with success since the last `start`. */
  acknowledged = 0;
  /** Other answers; 0 is a lost connection. @type {number[]} */
  failures = [];
  #connections;
  #updates;
  #idle;
  #timer;
  #issued = 0;
  #wake = undefined;

  /** @param {readonly import('./connection.mjs').Connection[]} connections @param {readonly { withTime(timeMs: number): Buffer }[]} updates */
  constructor(connections, updates) {
    this.#connections = connections;
    this.#updates = updates;
    this.#idle = [...connections];
  }

  /** @param {import('./session.mjs').Session} session @param {string} namespace It has the objects 0 to 31. */
  static async open({ endpoint, requests }, namespace) {
    const connections = await openConnections(endpoint, CONNECTIONS);
    return new PacedWriter(
      connections,
      connections.map(({ index }) => requests.updateConfigMap(namespace, index)),
    );
  }

  static get objects() {
    return CONNECTIONS;
  }

  /** @param {number} perSecond */
  start(perSecond) {
    const fromMs = performance.now();
    this.acknowledged = 0;
    this.#issued = 0;
    this.#timer = setInterval(() => {
      const due = Math.floor(((performance.now() - fromMs) / 1000) * perSecond);
      while (this.#issued < due && this.#idle.length > 0) this.#write(this.#idle.shift());
    }, TICK_MS);
  }

  /** Resolves when all writes are answered. */
  async stop() {
    clearInterval(this.#timer);
    while (this.#idle.length < this.#connections.length) {
      await new Promise((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  close() {
    clearInterval(this.#timer);
    for (const connection of this.#connections) connection.close();
  }

  #write(connection) {
    this.#issued += 1;
    connection.send(this.#updates[connection.index].withTime(Date.now()), (status) => {
      if (status === 200) this.acknowledged += 1;
      else this.failures.push(status);
      this.#idle.push(connection);
      this.#wake?.();
    });
  }
}
