import { joinStore } from './join.ts';
import type { KeptStore } from './kept.ts';
import { acceptedLog } from './log.ts';

/** What keeps records on the disk. */
export const stores: readonly KeptStore[] = [acceptedLog, joinStore];
