import { kinase } from './kinase.ts';

/** Kinases with at least 1,000 measurements. */
export const kinase1000 = kinase('kinase1000', 66, '3 %');
