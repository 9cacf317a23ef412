import type { Status } from './status-schema.ts';
import type { Telemetry } from './telemetry.ts';

/** How a pipeline stands, as of the last look. */
export function statusOf(telemetry: Telemetry): Status {
  const { clock, run, state, rates, checkpoint, lastStepMs, settings } = telemetry;
  const nowMs = clock.monotonicMs();
  let deadLetters = 0;
  for (const [, count] of telemetry.counts.deadLetters.readings()) deadLetters += count;
  return {
    name: run?.name,
    state,
    reasons: [...telemetry.hindrances()],
    version: telemetry.versions.version,
    configHash: telemetry.configHash,
    startedAt: new Date(telemetry.startedAtMs).toISOString(),
    restarts: telemetry.restarts,
    step: telemetry.step,
    epoch: telemetry.epoch,
    lastStepAgeSeconds: lastStepMs === undefined ? undefined : (nowMs - lastStepMs) / 1000,
    stepsPerSecond: rates?.stepsPerSecond,
    rowsPerSecond: rates?.rowsPerSecond,
    loss: rates?.loss,
    engineBusy: rates?.busy,
    engine: telemetry.engine,
    heads: Object.fromEntries(
      [...telemetry.heads.all()].map(([name, { loss, weight, denominator, lastMs, evaluations, prequential }]) => [
        name,
        {
          loss,
          weight,
          denominator,
          stalenessSeconds: (nowMs - lastMs) / 1000,
          settings: settings?.heads[name],
          evaluations: Object.fromEntries(evaluations),
          prequential,
        },
      ]),
    ),
    branches: settings?.branches,
    flows: [...telemetry.flows] as Status['flows'],
    checkpoint: checkpoint && {
      step: checkpoint.step,
      ageSeconds: (clock.nowMs() - checkpoint.atMs) / 1000,
      sizeBytes: checkpoint.sizeBytes,
    },
    deadLetters,
  };
}
