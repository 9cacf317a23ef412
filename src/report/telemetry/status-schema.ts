import { z } from 'zod';
import { states } from './telemetry.ts';

const count = z.number().min(0);
const counts = z.record(z.string(), z.number());
/** JSON has no word for what is not finite. */
const real = z.number().nullable();
const metrics = z
  .record(z.string(), real)
  .describe('By type; null where one is undefined, as with labels of one class only.');
const amount = z.strictObject({ rows: z.number(), sizeBytes: z.number() });

export const settingSchema = z.strictObject({
  weight: z.number().describe('Factor of the loss in the merged one.'),
  learningRate: z.number().describe('Factor of the learning rate of what only this head uses.'),
  frozen: z.boolean().describe('Whether what only this head uses stays as it is.'),
});

export const branchSchema = z.strictObject({
  learningRate: z.number().describe("Factor of the branch's learning rate."),
  frozen: z.boolean().describe("Whether the branch's parameters stay as they are."),
});

const flowSchema = z.strictObject({
  name: z.string(),
  received: count.describe('received = pending + Σ outcomes'),
  pending: count,
  outcomes: counts,
  repeated: count,
  rejected: counts.describe('By reason.'),
  rejectedLabels: counts.describe('By head.'),
  queued: amount.describe('What is under way, repeats included.'),
  granted: amount.describe('How much may be under way before reading stops.'),
  operators: z.array(z.strictObject({ name: z.string(), counts })),
});

const headSchema = z.strictObject({
  loss: real.optional().describe('Mean over the last interval in which it had labels.'),
  weight: real.optional().describe('Of its loss in the last step that trained it, as the merge strategy had it.'),
  denominator: real.optional(),
  stalenessSeconds: z.number().describe('Since it was trained.'),
  settings: settingSchema.optional().describe('What it is set to.'),
  evaluations: z
    .record(z.string(), z.strictObject({ loss: real.optional(), labels: count, metrics }))
    .describe('By source.'),
  prequential: z.strictObject({ labels: count, metrics }).optional(),
});

/** What `/v1/status` answers. */
export const statusSchema = z.strictObject({
  name: z.string().optional(),
  state: z.enum(states),
  reasons: z.array(z.string()).describe('What keeps it from training.'),
  version: z.string(),
  configHash: z.string().optional(),
  startedAt: z.string().describe('ISO 8601.'),
  restarts: count,
  step: count,
  epoch: count,
  lastStepAgeSeconds: z.number().optional(),
  stepsPerSecond: z.number().optional().describe('Of the last interval of 10 s.'),
  rowsPerSecond: z.number().optional(),
  loss: real.optional(),
  engineBusy: z.number().optional(),
  engine: z.strictObject({ engine: z.string(), runner: z.string(), threads: count }).optional(),
  heads: z.record(z.string(), headSchema),
  branches: z.record(z.string(), branchSchema).optional().describe('What branches are set to.'),
  flows: z.array(flowSchema),
  checkpoint: z.strictObject({ step: count, ageSeconds: z.number(), sizeBytes: count }).optional(),
  deadLetters: count,
});

export type Status = z.output<typeof statusSchema>;
