import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';

const REQUEST_SECONDS = 20;
/** The primary deals connections out in turn, so four would do if nothing else connected. */
const MOST_CONNECTIONS = 64;
/** Many times what a worker takes to start. */
const MOST_RECONNECTIONS = 600;
const RECONNECTION_MILLISECONDS = 50;

export interface DemoRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface DemoResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/**
 * One kept-alive connection to each worker. Which worker gets a connection is not for the client to
 * choose, so connections are opened until each has one; a connection stays with its worker.
 */
export class WorkerConnections {
  readonly #url: URL;
  readonly #signal: AbortSignal;
  readonly #agents = new Map<number, Agent>();

  private constructor(url: URL, signal: AbortSignal) {
    this.#url = url;
    this.#signal = signal;
  }

  static async open(url: URL, workers: number, signal: AbortSignal): Promise<WorkerConnections> {
    const connections = new WorkerConnections(url, signal);
    for (let opened = 0; connections.#agents.size < workers; opened++) {
      if (opened === MOST_CONNECTIONS) {
        const reached = [...connections.#agents.keys()].join(', ');
        throw new Error(`${opened} connections reached no worker but ${reached || 'none'}.`);
      }
      await connections.#openOne();
    }
    return connections;
  }

  /** Connects anew to a worker that was started again: its connection ended with it. */
  async reopen(worker: number): Promise<void> {
    this.#agents.get(worker)?.destroy();
    this.#agents.delete(worker);
    for (let opened = 0; opened < MOST_RECONNECTIONS; opened++) {
      await this.#openOne();
      if (this.#agents.has(worker)) return;
      await wait(RECONNECTION_MILLISECONDS);
    }
    throw new Error(`Worker ${worker} was not started again.`);
  }

  async #openOne(): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const worker = workerOf(await this.#send(agent, { method: 'GET', path: '/style.css' }));
    if (this.#agents.has(worker)) agent.destroy();
    else this.#agents.set(worker, agent);
  }

  async request(worker: number, message: DemoRequest): Promise<DemoResponse> {
    const agent = this.#agents.get(worker);
    if (agent === undefined) throw new Error(`There is no connection to worker ${worker}.`);
    const response = await this.#send(agent, message);
    const answering = workerOf(response);
    if (answering !== worker) {
      throw new Error(`Worker ${answering} answered on the connection to worker ${worker}.`);
    }
    return response;
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }

  async #send(agent: Agent, message: DemoRequest): Promise<DemoResponse> {
    const { method, path, headers = {}, body = '' } = message;
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(REQUEST_SECONDS * 1000)]);
    return new Promise((resolve, reject) => {
      const outgoing = request(new URL(path, this.#url), { method, headers, agent, signal });
      outgoing.on('error', (error) =>
        reject(new Error(`${method} ${path} got no answer: ${error.message}`, { cause: error })),
      );
      outgoing.on('response', (response) => {
        const { statusCode: status = 0, headers } = response;
        text(response).then((body) => resolve({ status, headers, body }), reject);
      });
      outgoing.end(body);
    });
  }
}

function workerOf(response: DemoResponse): number {
  return Number(response.headers['x-worker']);
}
