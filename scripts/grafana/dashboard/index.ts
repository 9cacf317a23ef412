import type { Board } from '../board.ts';
import { engine } from './engine.ts';
import { flow } from './flow.ts';
import { heads } from './heads.ts';
import { overview } from './overview.ts';

/** Every dashboard, from what is looked at first to what is looked at last. */
export const boards: readonly Board[] = [overview, heads, flow, engine];
