import { cases as binary } from './binary.cases.ts';
import { describeCases } from './contract.ts';
import { cases as unary } from './unary.cases.ts';

describeCases([...unary, ...binary]);
