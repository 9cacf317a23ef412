import { z } from 'zod';
import { branchSchema, settingSchema } from '../telemetry/status-schema.ts';

/** The largest number that is finite as a float32. */
const mostFactor = 3.4e38;
const factor = z.number().min(0).max(mostFactor).exactOptional();
const frozen = z.boolean().exactOptional();
const named = <Setting extends z.ZodType>(setting: Setting) => z.record(z.string().min(1).max(500), setting);

/** What is set otherwise: of heads and branches, by name. */
export const changeSchema = z.strictObject({
  heads: named(z.strictObject({ weight: factor, learningRate: factor, frozen })).default({}),
  branches: named(z.strictObject({ learningRate: factor, frozen })).default({}),
});

export const settingsSchema = z.strictObject({
  heads: z.record(z.string(), settingSchema),
  branches: z.record(z.string(), branchSchema),
});

export const pauseSchema = z.strictObject({
  reason: z
    .string()
    .min(1)
    .max(200)
    .default('asked for')
    .describe('For those who look: it is in the log and in /readyz.'),
});

export const advanceSchema = z.strictObject({
  steps: z.int().min(1).max(1_000_000).default(1).describe('How many steps the paused run takes.'),
});

export const standingSchema = z.strictObject({
  step: z.int().min(0).describe('Steps taken.'),
  paused: z.boolean(),
});

export const reloadSchema = z.strictObject({
  result: z.enum(['same', 'applied', 'restartRequired', 'invalid']),
  changes: z.array(z.string()).describe('What is another in the file; the log says what it was and is.'),
});
