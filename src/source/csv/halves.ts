/**
 * Gives records to `attempt`; what it does not take, each half alone, down to single records.
 * @param attempt does its work and resolves to undefined, or says why it did nothing
 * @param refuse is told of each record that is not even taken alone
 */
export async function inHalves(
  records: readonly number[],
  attempt: (records: readonly number[]) => Promise<string | undefined>,
  refuse: (record: number, why: string) => void,
): Promise<void> {
  if (records.length === 0) return;
  const why = await attempt(records);
  if (why === undefined) return;
  if (records.length === 1) {
    refuse(records[0] as number, why);
    return;
  }
  const half = records.length >> 1;
  await inHalves(records.slice(0, half), attempt, refuse);
  await inHalves(records.slice(half), attempt, refuse);
}
