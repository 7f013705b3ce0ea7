import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Stands between clients and a server on this machine, and can be told to let nothing through. */
export class TcpRelay implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;
  readonly #clients = new Set<Socket>();
  readonly #upstreams = new Set<Socket>();
  #target: number;
  #isHolding = false;

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.#target = target;
    this.port = (server.address() as AddressInfo).port;
  }

  static async before(port: number): Promise<TcpRelay> {
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const relay = new TcpRelay(server, port);
    server.on('connection', (client) => {
      const upstream = connect(relay.#target, '127.0.0.1');
      relay.#join(relay.#clients, client, upstream);
      relay.#join(relay.#upstreams, upstream, client);
    });
    return relay;
  }

  /** The ends that those who have connected hold on to, the first first: what is written to one comes as if the server had said it. */
  get clients(): readonly Socket[] {
    return [...this.#clients];
  }

  /** Those who connect from now on are led to another server. */
  leadTo(port: number): void {
    this.#target = port;
  }

  /** Lets nothing through in either direction, and ends no connection: a network that is gone. */
  hold(): void {
    this.#isHolding = true;
    this.#pause(this.#clients, this.#upstreams);
  }

  /** The same in one direction, of the connections there are: what is asked is done, and not answered. */
  holdAnswers(): void {
    this.#pause(this.#upstreams);
  }

  /** The same of the connections there are: the machine is gone, and another has its address. */
  abandon(): void {
    this.#isHolding = false;
    this.#pause(this.#clients, this.#upstreams);
  }

  /** Lets everything through again, what was held first. */
  goOn(): void {
    this.#isHolding = false;
    for (const socket of [...this.#clients, ...this.#upstreams]) socket.resume();
  }

  /** Ends all connections and takes no new ones: a server that is not there. */
  async refuse(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of [...this.#clients, ...this.#upstreams]) socket.destroy();
    await closed;
  }

  /** Takes connections again, at the same port. */
  async accept(): Promise<void> {
    await once(this.#server.listen(this.port, '127.0.0.1'), 'listening');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.refuse();
  }

  #pause(...sides: Set<Socket>[]): void {
    for (const side of sides) for (const socket of side) socket.pause();
  }

  #join(side: Set<Socket>, from: Socket, to: Socket): void {
    side.add(from);
    from.on('error', () => {});
    from.on('data', (data) => to.write(data));
    from.on('close', () => {
      side.delete(from);
      to.destroy();
    });
    if (this.#isHolding) from.pause();
  }
}
