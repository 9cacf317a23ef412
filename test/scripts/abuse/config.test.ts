import { expect, test } from 'vitest';
import { abuseConfigs } from '../../../scripts/abuse/config.ts';

test('whatever stands in a pipeline file, it is a pipeline or an error with its places, and nothing of the environment is shown', async () => {
  const { good, bad } = await abuseConfigs(40, Date.now());
  expect(good + bad).toBe(40);
}, 30_000);
