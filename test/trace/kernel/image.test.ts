import { describeCases } from './contract.ts';
import { cases } from './image.cases.ts';

describeCases(cases);
