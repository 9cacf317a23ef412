import { describeCases } from './contract.ts';
import { cases } from './product.cases.ts';

describeCases(cases);
