import { moleculeNet } from './moleculenet.ts';

export const toxcast = moleculeNet('toxcast', 'toxicity in 617 assays, yes or no, 29 % known', /^(?!mol_id$)/);
