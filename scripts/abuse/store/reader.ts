import { verdictOf } from './kept.ts';
import { stores } from './stores.ts';

/** The program that reads stores in a process of its own: `reader.ts <store>`; told of folders, it answers with verdicts. */
const store = stores.find(({ name }) => name === process.argv[2]);
if (!store) throw new Error(`no store '${process.argv[2]}'`);
process.on('message', async (folder: string) => {
  process.send?.(await verdictOf(store, folder));
});
process.on('disconnect', () => process.exit());
