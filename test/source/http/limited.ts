import { keyOf } from '../../../src/source/http/keys.ts';
import { AcceptedLog } from '../../../src/source/http/log.ts';

// Appends to a log until the disk takes no more, forgets, and appends again. To be run where files may not grow.

const [path = ''] = process.argv.slice(2);
const log = await AcceptedLog.open(path, { retentionMs: 1e9, maxKeys: 1e6 });
const keysOf = (number: number) => [{ key: keyOf('id', String(number)), value: Buffer.of(1) }];
const append = async (number: number, sizeBytes: number): Promise<string | undefined> => {
  try {
    await log.append(Buffer.alloc(sizeBytes, number), 1, keysOf(number), 0);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
};
let failure: string | undefined;
let count = 0;
while (failure === undefined && count < 100) failure = await append(count++, 100_000);
const full = {
  failure,
  next: log.next,
  entries: log.read(0, { rows: 1000, sizeBytes: 1e9 }).length,
  isKnown: log.find(keyOf('id', String(count - 1))) !== undefined,
};
const second = await append(count, 100_000);
await log.forget(full.next);
let room = false;
for (let at = 0; at < 20 && !room; at++) room = (await append(1000 + at, 1000)) === undefined;
await log.close();
const again = await AcceptedLog.open(path, { retentionMs: 1e9, maxKeys: 1e6 });
console.log(JSON.stringify({ count, full, second, room, first: again.first, next: again.next }));
await again.close();
