// Lets Node load the TypeScript sources: `node --import ./scripts/typescript.js src/main.ts`.
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';

process.env.TS_NODE_SWC ??= 'true';
process.env.TS_NODE_PROJECT ??= fileURLToPath(new URL('../tsconfig.json', import.meta.url));
register('./typescript-hooks.js', import.meta.url);
