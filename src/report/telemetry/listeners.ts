import type { TrunklineEvent } from '../../core/event.ts';
import type { Telemetry } from './telemetry.ts';

type Listeners = {
  readonly [Type in TrunklineEvent['type']]?: (
    telemetry: Telemetry,
    event: Extract<TrunklineEvent, { readonly type: Type }>,
  ) => void;
};

/** What telemetry makes of each event. */
export const listeners: Listeners = {
  runStarted(telemetry, event) {
    telemetry.run = event;
    telemetry.state = 'training';
    telemetry.reason = undefined;
    telemetry.step = event.step;
    telemetry.epoch = event.epoch;
    telemetry.heads.begin(event.heads, telemetry.clock.monotonicMs());
    for (const head of event.heads) telemetry.counts.headsLeftOut.add(0, telemetry.heads.seriesOf(head));
    // Branches may have gone with their heads.
    telemetry.gradientNorms.clear();
    telemetry.learningRates.clear();
  },

  stepTaken(telemetry, event) {
    const nowMs = telemetry.clock.monotonicMs();
    telemetry.refresh();
    telemetry.interval.add(event);
    telemetry.heads.add(event.heads, nowMs);
    telemetry.step = event.step;
    telemetry.lastStepMs = nowMs;
    for (const branch in event.gradientNorms)
      telemetry.gradientNorms.set(branch, event.gradientNorms[branch] as number);
    for (const branch in event.learningRates)
      telemetry.learningRates.set(branch, event.learningRates[branch] as number);
    telemetry.counts.steps.add(1);
    telemetry.counts.rows.add(event.rows);
    leftOut(telemetry, event.rejected);
  },

  stepSkipped(telemetry, { reason, rejected }) {
    telemetry.counts.skipped.add(1, reason);
    leftOut(telemetry, rejected);
  },

  recordRejected({ counts }, { reason }) {
    counts.deadLetters.add(1, reason);
  },

  runPaused(telemetry, { reason }) {
    telemetry.state = 'paused';
    telemetry.reason = reason;
    telemetry.counts.pauses.add(1);
  },

  runContinued(telemetry) {
    telemetry.state = 'training';
    telemetry.reason = undefined;
  },

  modelWentBack({ counts }) {
    counts.wentBack.add(1);
  },

  epochEnded(telemetry, { epoch }) {
    telemetry.epoch = epoch;
  },

  headsEvaluated({ heads, clock }, { source, heads: evaluations }) {
    heads.evaluated(source, evaluations, clock.monotonicMs());
  },

  headsScored({ heads, clock }, { heads: scores }) {
    heads.scored(scores, clock.monotonicMs());
  },

  checkpointWritten(telemetry, { type: _, ...written }) {
    telemetry.checkpoint = { ...written, atMs: telemetry.clock.nowMs() };
    telemetry.isUnwritable = false;
    telemetry.counts.checkpoints.add(1, 'written');
  },

  checkpointFailed(telemetry) {
    telemetry.isUnwritable = true;
    telemetry.counts.checkpoints.add(1, 'failed');
  },

  checkpointDamaged({ counts }) {
    counts.checkpoints.add(1, 'damaged');
  },

  runEnded(telemetry, { outcome }) {
    telemetry.state = outcome === 'failed' ? 'failed' : 'ended';
  },

  engineChosen(telemetry, { engine, runner, threads }) {
    telemetry.engine = { engine, runner, threads };
    telemetry.isEngineLost = false;
  },

  workerFailed(telemetry) {
    telemetry.isEngineLost = true;
  },

  programCompiled({ counts }, { recordMs, encodeMs, sessionMs }) {
    counts.compiled.add(1);
    counts.compileSeconds.add((recordMs + encodeMs + sessionMs) / 1000);
  },

  programEvicted({ counts }) {
    counts.evicted.add(1);
  },

  recordsReceived({ counts }, { source, accepted, duplicates, rejected, labels, sizeBytes }) {
    counts.ingested.add(accepted, source, 'accepted');
    counts.ingested.add(duplicates, source, 'duplicate');
    for (const [reason, count] of Object.entries(rejected)) counts.ingested.add(count, source, reason);
    counts.ingestedLabels.add(labels, source);
    counts.ingestedBytes.add(sizeBytes, source);
  },

  recordsRefused({ counts }, { source, reason }) {
    counts.refused.add(1, source, reason);
  },

  requestFailed({ counts }, { route }) {
    counts.requestsFailed.add(1, route);
  },

  sourceAway({ away }, { source }) {
    away.add(source);
  },

  sourceBack({ away }, { source }) {
    away.delete(source);
  },

  reloadEnded({ counts }, { result }) {
    counts.reloads.add(1, result);
  },
};

/** Heads whose labels a step was taken without. */
function leftOut({ counts, heads }: Telemetry, rejected: Readonly<Record<string, string>>): void {
  for (const head in rejected) counts.headsLeftOut.add(1, heads.seriesOf(head));
}
