import { register } from 'node:module';
import { createSessionCache } from '../../src/index.ts';

/** As on a machine where none of them is installed. */
const hooks = `export async function resolve(specifier, context, next) {
  if (['lmdb', 'redis', 'pg'].includes(specifier)) throw new Error('Cannot find package ' + specifier);
  return next(specifier, context);
}`;

// Says of each environment, given as JSON, what came of it.
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
const outcomes = [];
const [databaseFile, environments = '[]'] = process.argv.slice(2);
for (const env of JSON.parse(environments)) {
  try {
    const { kind, close } = await createSessionCache({ prefix: 'APP', env, databaseFile });
    await close();
    outcomes.push(kind);
  } catch (error) {
    const { code, message, cause } = error as Error & { code: string };
    outcomes.push({ code, message, cause: (cause as Error | undefined)?.message });
  }
}
console.log(JSON.stringify(outcomes));
