import { z } from 'zod';

/** The options that several schedules have. */
export const baseField = z.number().positive().describe('Learning rate that the schedule begins with, or warms up to.');
export const floorField = z.number().min(0).default(0).describe('Learning rate that it never goes below.');
export const stepsField = z.number().int().positive();
/** A factor below 1. */
export const factorField = z.number().gt(0).lt(1);

interface Based {
  readonly base: number;
  readonly floor?: number | undefined;
}

/** Whether a schedule that falls has somewhere to fall to. */
export const isAboveFloor = ({ base, floor = 0 }: Based): boolean => floor <= base;
export const aboveFloor = {
  error: "'floor' at most 'base'",
  params: { hint: 'the schedule falls from base to floor' },
};
