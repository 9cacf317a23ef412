import type { Row } from './rows.ts';
import { heads } from './rows.ts';

/** What goes on of a sample. */
export interface Emission {
  readonly id: string;
  readonly number: number;
  readonly labels: Readonly<Record<string, number>>;
  readonly isRepeat: boolean;
}

export interface ModelOptions {
  readonly ttlMs: number;
  readonly maxItems: number;
  readonly onLate: 'train' | 'deadLetter' | 'drop';
}

interface Known {
  kind: 'early' | 'waiting' | 'sent' | 'past';
  readonly order: number;
  number: number;
  dueMs: number;
  labels: Record<string, number>;
  hasFeatures: boolean;
}

/** The join, as plainly as can be: everything in a map, nothing on a disk, never interrupted. */
export function model(samples: readonly Row[], labels: readonly Row[], { ttlMs, maxItems, onLate }: ModelOptions) {
  const known = new Map<string, Known>();
  const emissions: Emission[] = [];
  const counts = { late: 0, duplicate: 0, expired: 0, evicted: 0, used: 0, samplesExpired: 0, samplesDuplicate: 0 };
  const deadLetters: string[] = [];
  let orders = 0;
  let nowMs = Number.NEGATIVE_INFINITY;
  const byDue = (): [string, Known][] =>
    [...known].sort(([, one], [, other]) => one.dueMs - other.dueMs || one.order - other.order);
  const isDone = ({ labels: own }: Known): boolean => heads.every((head) => own[head] !== undefined);
  const settle = ({ kind, labels: own }: Known, why: 'expired' | 'evicted'): void => {
    if (kind === 'early') counts[why] += Object.keys(own).length;
    if (kind === 'waiting') counts.samplesExpired++;
  };
  const finish = (entry: Known): void => {
    if (!isDone(entry)) return;
    if (entry.kind !== 'past') entry.dueMs += ttlMs;
    entry.kind = 'past';
    entry.hasFeatures = false;
  };
  const makeRoom = (): void => {
    while (known.size > maxItems) {
      const order = byDue();
      const [id, entry] = (order.find(([, { kind }]) => kind === 'past') ?? order[0]) as [string, Known];
      settle(entry, 'evicted');
      known.delete(id);
    }
  };
  const expire = (): void => {
    for (let due = byDue()[0]; due && due[1].dueMs <= nowMs; due = byDue()[0]) {
      const [id, entry] = due;
      settle(entry, 'expired');
      if (entry.kind === 'early' || entry.kind === 'past') known.delete(id);
      else Object.assign(entry, { kind: 'past', dueMs: entry.dueMs + ttlMs, hasFeatures: onLate === 'train' });
    }
  };
  const takeLabels = (id: string, own: Readonly<Record<string, number>>, timeMs: number): void => {
    const entry = known.get(id);
    const fresh = Object.entries(own).filter(([head]) => entry?.labels[head] === undefined);
    counts.duplicate += Object.keys(own).length - fresh.length;
    if (fresh.length === 0) return;
    if (!entry || entry.kind === 'early') {
      const dueMs = Math.max(entry?.dueMs ?? timeMs + ttlMs, timeMs + ttlMs);
      const all = { ...entry?.labels, ...Object.fromEntries(fresh) };
      known.set(id, {
        ...{ kind: 'early', order: entry?.order ?? orders++, number: -1 },
        ...{ dueMs, labels: all, hasFeatures: false },
      } as Known);
      makeRoom();
      return;
    }
    if (entry.kind === 'past') {
      counts.late += fresh.length;
      if (onLate === 'deadLetter') deadLetters.push(...fresh.map(([head]) => `${id} ${head}`));
      if (!entry.hasFeatures) return;
    } else counts.used += fresh.length;
    Object.assign(entry.labels, Object.fromEntries(fresh));
    const isRepeat = entry.kind !== 'waiting';
    emissions.push({ id, number: entry.number, labels: Object.fromEntries(fresh), isRepeat });
    if (entry.kind === 'waiting') entry.kind = 'sent';
    finish(entry);
    makeRoom();
  };
  const takeSample = (id: string, number: number, own: Readonly<Record<string, number>>, timeMs: number): void => {
    const entry = known.get(id);
    if (entry && entry.kind !== 'early') {
      counts.samplesDuplicate++;
      takeLabels(id, own, timeMs);
      return;
    }
    counts.duplicate += Object.keys(own).filter((head) => entry?.labels[head] !== undefined).length;
    const all = { ...entry?.labels, ...own };
    const isLabelled = Object.keys(all).length > 0;
    counts.used += Object.keys(all).length;
    const sample: Known = {
      ...{ kind: isLabelled ? 'sent' : 'waiting', order: entry?.order ?? orders++ },
      ...{ number, dueMs: timeMs + ttlMs, labels: all, hasFeatures: true },
    } as Known;
    if (isLabelled) emissions.push({ id, number, labels: { ...all }, isRepeat: false });
    known.set(id, sample);
    finish(sample);
    makeRoom();
  };
  let last = 'labels';
  for (let sample = 0, label = 0; sample < samples.length || label < labels.length; ) {
    const [one, other] = [samples[sample], labels[label]];
    const turn = last === 'labels' ? 'samples' : 'labels';
    const earlier =
      one?.timeMs !== undefined && other?.timeMs !== undefined
        ? one.timeMs <= other.timeMs
          ? 'samples'
          : 'labels'
        : turn;
    const side = one && other ? earlier : one ? 'samples' : 'labels';
    last = side;
    const row = (side === 'samples' ? one : other) as Row;
    nowMs = Math.max(nowMs, row.timeMs ?? Number.NEGATIVE_INFINITY);
    const timeMs = row.timeMs ?? nowMs;
    expire();
    const own = { ...row.labels } as Record<string, number>;
    if (side === 'samples') takeSample(row.id, sample++, own, timeMs === Number.NEGATIVE_INFINITY ? -8.64e15 : timeMs);
    else {
      takeLabels(row.id, own, timeMs === Number.NEGATIVE_INFINITY ? -8.64e15 : timeMs);
      label++;
    }
  }
  for (const entry of known.values()) if (entry.kind !== 'past') settle(entry, 'expired');
  return { emissions, counts, deadLetters };
}
