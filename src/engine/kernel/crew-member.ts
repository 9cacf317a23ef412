import { workerData } from 'node:worker_threads';
import { doParts, looks, type MemberData, state } from './crew.ts';
import { loadKernels } from './load.ts';

const { memory, states, member, ...shared } = workerData as MemberData;
const kernels = loadKernels(memory);

function waitForRequest(): number {
  for (let look = 0; look < looks; look++) {
    const now = Atomics.load(states, member);
    if (now !== state.idle) return now;
  }
  Atomics.wait(states, member, state.idle);
  return Atomics.load(states, member);
}

Atomics.compareExchange(states, member, state.starting, state.idle);
Atomics.notify(states, member);
for (let now = waitForRequest(); now !== state.leaving; now = waitForRequest()) {
  // A request may have been taken back in between: then all of it was done without this thread.
  if (Atomics.compareExchange(states, member, state.asked, state.working) !== state.asked) continue;
  doParts(kernels, shared);
  Atomics.compareExchange(states, member, state.working, state.idle);
  Atomics.notify(states, member);
}
