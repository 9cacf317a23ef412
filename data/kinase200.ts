import { kinase } from './kinase.ts';

/** Kinases with at least 200 measurements. */
export const kinase200 = kinase('kinase200', 198, '1.3 %');
