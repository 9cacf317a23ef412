import { census } from './census.ts';
import { kinase200 } from './kinase200.ts';
import { kinase1000 } from './kinase1000.ts';
import { mhc } from './mhc.ts';
import { muv } from './muv.ts';
import type { DataSet } from './set.ts';
import { tox21 } from './tox21.ts';
import { toxcast } from './toxcast.ts';

/** Every data set there is a script for. */
export const sets: readonly DataSet[] = [tox21, kinase1000, kinase200, toxcast, muv, mhc, census];
