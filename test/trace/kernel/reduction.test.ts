import { describeCases } from './contract.ts';
import { cases as reduction } from './reduction.cases.ts';
import { cases as search } from './search.cases.ts';

describeCases([...reduction, ...search]);
