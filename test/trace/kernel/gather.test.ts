import { describeCases } from './contract.ts';
import { cases } from './gather.cases.ts';

describeCases(cases);
