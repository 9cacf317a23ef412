import { moleculeNet } from './moleculenet.ts';

export const muv = moleculeNet('muv', 'activity in 17 assays, yes or no, 16 % known, 0.2 % of them yes', /^MUV-/);
