// Lets Node load the TypeScript sources: `node --import ./scripts/typescript.js src/main.ts`.
import { existsSync } from 'node:fs';
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';

if (!existsSync(new URL('../node_modules/ts-node/package.json', import.meta.url))) {
  console.error(`packages are missing; to install them: node ${fileURLToPath(new URL('setup.js', import.meta.url))}`);
  process.exit(1);
}

process.env.TS_NODE_SWC ??= 'true';
process.env.TS_NODE_PROJECT ??= fileURLToPath(new URL('../tsconfig.json', import.meta.url));
register('./typescript-hooks.js', import.meta.url);
