import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'stream-'));
afterAll(() => rmSync(folder, { recursive: true }), 60_000);
let folders = 0;

/** A folder that no other test has; it is not made yet. */
export const newFolder = (): string => join(folder, String(folders++));
