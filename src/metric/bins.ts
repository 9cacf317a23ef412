/**
 * Weights of yes and no by score: parallel columns, one entry for each bin, from the lowest scores to the highest. Bins
 * don't overlap. One of a single score (low = high) is a tie, and exact.
 */
export interface Bins {
  readonly low: number[];
  readonly high: number[];
  readonly yes: number[];
  readonly no: number[];
}

export const binColumns = ['low', 'high', 'yes', 'no'] as const satisfies readonly (keyof Bins)[];

export function noBins(): Bins {
  return { low: [], high: [], yes: [], no: [] };
}

function append(bins: Bins, low: number, high: number, yes: number, no: number): void {
  bins.low.push(low);
  bins.high.push(high);
  bins.yes.push(yes);
  bins.no.push(no);
}

function addToLast({ yes, no }: Bins, ofYes: number, ofNo: number): void {
  const last = yes.length - 1;
  yes[last] = (yes[last] as number) + ofYes;
  no[last] = (no[last] as number) + ofNo;
}

/**
 * Bins with more rows: each goes into the bin its score lies in, or into one of its own.
 * @param weights of the rows, below 0 where the truth is no
 */
export function withRows(bins: Bins, scores: readonly number[], weights: readonly number[]): Bins {
  const order = [...scores.keys()].sort((a, b) => (scores[a] as number) - (scores[b] as number));
  const result = noBins();
  let next = 0;
  const copyUpTo = (score: number): void => {
    for (; next < bins.low.length && (bins.low[next] as number) <= score; next++)
      append(
        result,
        bins.low[next] as number,
        bins.high[next] as number,
        bins.yes[next] as number,
        bins.no[next] as number,
      );
  };
  for (const at of order) {
    const [score, weight] = [scores[at] as number, weights[at] as number];
    copyUpTo(score);
    const last = result.high.at(-1);
    if (last === undefined || score > last) append(result, score, score, 0, 0);
    addToLast(result, Math.max(weight, 0), Math.max(-weight, 0));
  }
  copyUpTo(Number.POSITIVE_INFINITY);
  return result;
}

const total = (weights: readonly number[]): number => weights.reduce((sum, weight) => sum + weight, 0);

/** Neighbours joined while they stay within these weights, and within `share` of the weight of all scores above. */
function joined(bins: Bins, mostYes: number, mostNo: number, share: number): Bins {
  const result = noBins();
  let above = total(bins.yes) + total(bins.no);
  bins.low.forEach((low, at) => {
    const [high, yes, no] = [bins.high[at] as number, bins.yes[at] as number, bins.no[at] as number];
    const bothYes = (result.yes.at(-1) ?? Number.POSITIVE_INFINITY) + yes;
    const bothNo = (result.no.at(-1) ?? Number.POSITIVE_INFINITY) + no;
    above -= yes + no;
    if (bothYes > mostYes || bothNo > mostNo || bothYes + bothNo > share * above) append(result, low, high, yes, no);
    else {
      result.high[result.high.length - 1] = high;
      addToLast(result, yes, no);
    }
  });
  return result;
}

/**
 * At most `limit` bins of the same rows. Neighbours are joined while neither their yeses nor their noes are more than
 * 8 / (limit − 1) of all: two neighbours that were not joined exceed one of these together, so these two rules alone
 * leave about half of `limit`. The rest goes where precision moves fastest, to the highest scores: no bin is larger
 * than a share of what is above it, and the share is as small as there is room for, to a factor of 2.
 */
export function packed(bins: Bins, limit: number): Bins {
  const [mostYes, mostNo] = [(8 * total(bins.yes)) / (limit - 1), (8 * total(bins.no)) / (limit - 1)];
  for (let share = 1 / limit; ; share *= 2) {
    const result = joined(bins, mostYes, mostNo, share);
    if (result.low.length <= limit) return result;
  }
}
