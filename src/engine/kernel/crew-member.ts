import { workerData } from 'node:worker_threads';
import { answerAt, type CrewData, divisibleNames, looks, requestLength, state } from './crew.ts';
import { loadKernels } from './load.ts';

const { memory, states, requests, member } = workerData as CrewData;
const kernels = loadKernels(memory);
const request = requests.subarray(member * requestLength, (member + 1) * requestLength);

function waitForRequest(): number {
  for (let look = 0; look < looks; look++) {
    const now = Atomics.load(states, member);
    if (now !== state.idle) return now;
  }
  Atomics.wait(states, member, state.idle);
  return Atomics.load(states, member);
}

Atomics.store(states, member, state.idle);
Atomics.notify(states, member);
for (let now = waitForRequest(); now !== state.leaving; now = waitForRequest()) {
  if (now !== state.asked) continue;
  const [name, count] = request as unknown as [number, number];
  const kernel = kernels[divisibleNames[name] as (typeof divisibleNames)[number]] as (
    ...args: number[]
  ) => number | undefined;
  request[answerAt] = kernel(...request.subarray(2, 2 + count)) ?? 0;
  Atomics.compareExchange(states, member, state.asked, state.idle);
  Atomics.notify(states, member);
}
