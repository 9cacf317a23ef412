import { describeCases } from './contract.ts';
import { cases } from './normalization.cases.ts';

describeCases(cases);
