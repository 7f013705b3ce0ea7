import type { Context } from 'hono';

export interface LoginForm {
  readonly name: string;
  readonly password: string;
  readonly keepOtherDevices: boolean;
  /** What the device list will call this browser. */
  readonly device: string;
}

/** What was typed, sent as a form or as JSON; `null` when it is neither. */
export async function readLoginForm(c: Context): Promise<LoginForm | null> {
  const fields = await readFields(c);
  const { name, password, keepOtherDevices, device } = fields ?? {};
  if (typeof name !== 'string' || typeof password !== 'string') return null;
  const agent = c.req.header('user-agent') ?? 'an unnamed device';
  return {
    name,
    password,
    // A checkbox sends "on", or nothing.
    keepOtherDevices: keepOtherDevices === true || keepOtherDevices === 'on',
    device: (typeof device === 'string' && device !== '' ? device : agent).slice(0, 200),
  };
}

async function readFields(c: Context): Promise<Record<string, unknown> | null> {
  const isJson = c.req.header('content-type')?.startsWith('application/json');
  const reading: Promise<unknown> = isJson ? c.req.json() : c.req.parseBody();
  const body = await reading.catch(() => null);
  return typeof body === 'object' ? (body as Record<string, unknown> | null) : null;
}
