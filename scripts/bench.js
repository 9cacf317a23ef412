// Runs bench/<name>.ts with the arguments that follow, bench/peers.ts if none is named: `npm run bench -- step 1`.
import { existsSync, readdirSync } from 'node:fs';

const folder = new URL('../bench/', import.meta.url);
const names = (existsSync(folder) ? readdirSync(folder) : [])
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -'.ts'.length));

const [name = 'peers'] = process.argv.splice(2, 1);
if (!names.includes(name)) {
  console.error(`bench: expected one of ${names.join(', ') || '(bench/ holds none yet)'}; found ${name}`);
  process.exit(2);
}
await import(new URL(`${name}.ts`, folder).href);
