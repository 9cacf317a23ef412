import { describeCases } from './contract.ts';
import { cases } from './pooling.cases.ts';

describeCases(cases);
