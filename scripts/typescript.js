// Lets Node load the TypeScript sources: `node --import ./scripts/typescript.js src/main.ts`.
import { register } from 'node:module';

process.env.TS_NODE_SWC ??= 'true';
register('./typescript-hooks.js', import.meta.url);
