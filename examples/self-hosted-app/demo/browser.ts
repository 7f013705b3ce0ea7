import type { DemoRequest, DemoResponse } from './worker-connections.ts';

/** Whoever brings a request to the worker that is asked for. */
export interface Network {
  readonly origin: string;
  readonly workers: readonly number[];
  request(worker: number, message: DemoRequest): Promise<DemoResponse>;
}

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** What one worker says to "who am I?". */
export interface Answer {
  readonly worker: number;
  /** The user's name, or `null` when the request was refused. */
  readonly user: string | null;
  /** How often this worker has asked the app's own store since it started; `null` when refused. */
  readonly loadsSinceStart: number | null;
}

/** A browser: it keeps the app's cookie, sends forms with its origin, and follows redirects. */
export class Browser {
  /** What the app's device list calls it. */
  readonly name: string;
  readonly #network: Network;
  #cookie: string | null = null;

  constructor(name: string, network: Network) {
    this.name = name;
    this.#network = network;
  }

  /** Another one with the same cookie: a thief's, or what a backup or a log has kept. */
  copy(name: string): Browser {
    const copy = new Browser(name, this.#network);
    copy.#cookie = this.#cookie;
    return copy;
  }

  async logIn(
    worker: number,
    { user, password }: Credentials,
    { keepOtherDevices = false } = {},
  ): Promise<void> {
    const fields = { name: user, password, ...(keepOtherDevices && { keepOtherDevices: 'on' }) };
    const page = await this.press(worker, '/login', fields);
    if (!page.body.includes(`Logged in as ${user}`)) {
      throw new Error(`${user} could not log in through worker ${worker}: status ${page.status}.`);
    }
  }

  /** Sends a form and goes where the answer leads. */
  async press(
    worker: number,
    path: string,
    fields: Readonly<Record<string, string>> = {},
  ): Promise<DemoResponse> {
    const answer = await this.#send(worker, {
      method: 'POST',
      path,
      headers: {
        origin: this.#network.origin,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams(fields).toString(),
    });
    if (answer.status !== 303) return answer;
    return this.#send(worker, { method: 'GET', path: answer.headers.location ?? '/' });
  }

  /** Asks every worker at the same time. */
  async askEveryWorker(): Promise<Answer[]> {
    return Promise.all(this.#network.workers.map((worker) => this.#whoAmI(worker)));
  }

  /** The devices as the page lists them, by name: the id that their buttons send, `null` for its own. */
  async devices(worker: number): Promise<Map<string, string | null>> {
    const { body } = await this.#send(worker, { method: 'GET', path: '/' });
    const rows = body.split('<tr>').slice(2);
    return new Map(
      rows.map((row) => [
        /<td>(.*?)<\/td>/.exec(row)?.[1] ?? '',
        /\/devices\/([\w-]+)\/sign-out/.exec(row)?.[1] ?? null,
      ]),
    );
  }

  /** What the app says at this path to whoever is logged in. */
  async json<T>(worker: number, path: string): Promise<T> {
    const { status, body } = await this.#send(worker, { method: 'GET', path });
    if (status !== 200) throw new Error(`Worker ${worker} answered ${path} with status ${status}.`);
    return JSON.parse(body);
  }

  async #whoAmI(worker: number): Promise<Answer> {
    const { status, body } = await this.#send(worker, { method: 'GET', path: '/me' });
    if (status === 401) return { worker, user: null, loadsSinceStart: null };
    if (status !== 200) throw new Error(`Worker ${worker} answered /me with status ${status}.`);
    const me = JSON.parse(body) as { user: { name: string }; loadsSinceStart: number };
    return { worker, user: me.user.name, loadsSinceStart: me.loadsSinceStart };
  }

  async #send(worker: number, message: DemoRequest): Promise<DemoResponse> {
    const headers = {
      ...message.headers,
      'user-agent': this.name,
      ...(this.#cookie !== null && { cookie: this.#cookie }),
    };
    const response = await this.#network.request(worker, { ...message, headers });
    for (const line of response.headers['set-cookie'] ?? []) {
      const [pair = ''] = line.split(';');
      this.#cookie = /max-age=0(;|$)/i.test(line) ? null : pair;
    }
    return response;
  }
}
