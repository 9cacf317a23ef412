import { cases as arrange } from './arrange.cases.ts';
import { describeCases } from './contract.ts';
import { cases as creation } from './creation.cases.ts';
import { cases as join } from './join.cases.ts';
import { cases as pad } from './pad.cases.ts';
import { cases as slice } from './slice.cases.ts';

describeCases([...arrange, ...join, ...slice, ...pad, ...creation]);
