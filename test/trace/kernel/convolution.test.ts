import { describeCases } from './contract.ts';
import { cases } from './convolution.cases.ts';

describeCases(cases);
