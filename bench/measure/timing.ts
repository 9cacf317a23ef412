/** Something that takes steps and says how long they took. */
export interface Contender {
  readonly name: string;
  /** @returns milliseconds of each of `count` steps, or their mean as often */
  steps(count: number): Promise<readonly number[]>;
  close(): Promise<void> | void;
}

/** Milliseconds of the processor that this process has had, in all of its threads: other work on the machine is not in it. */
export function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** A contender whose next step is asked for while one is computed. */
export function ahead(name: string, take: () => Promise<unknown>, clock = () => performance.now()): Contender {
  return {
    name,
    steps: async (count) => {
      const started = clock();
      let last: Promise<unknown> = Promise.resolve();
      for (let step = 0; step < count; step++) {
        const next = take();
        await last;
        last = next;
      }
      await last;
      return new Array<number>(count).fill((clock() - started) / count);
    },
    close: () => {},
  };
}

export interface Timing {
  readonly name: string;
  /** Median over all steps, in milliseconds. */
  readonly median: number;
  /** Tenth percentile: what the machine does when nothing else runs. */
  readonly fast: number;
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] as number;
}

/**
 * Lets the contenders take turns, each round beginning with another, so that whatever else the machine does meets all
 * of them.
 */
export async function interleave(
  contenders: readonly Contender[],
  rounds: number,
  count: number,
): Promise<readonly Timing[]> {
  const times = contenders.map((): number[] => []);
  for (const contender of contenders) await contender.steps(count);
  for (let round = 0; round < rounds; round++)
    for (let turn = 0; turn < contenders.length; turn++) {
      const index = (round + turn) % contenders.length;
      times[index]?.push(...((await contenders[index]?.steps(count)) ?? []));
    }
  return contenders.map(({ name }, index) => ({
    name,
    median: quantile(times[index] ?? [], 0.5),
    fast: quantile(times[index] ?? [], 0.1),
  }));
}
