import { placeOf } from '../core/config.ts';
import { ConfigError } from '../core/error.ts';
import type { ModelSpec } from '../model/index.ts';
import type { LoadedPipeline } from './load.ts';
import { buildModel, type Given } from './model/build.ts';

/**
 * The model of a pipeline whose data is not there: inputs as the pipeline says they are, and one head for all that a
 * pattern of labels means.
 * @throws ConfigError when the pipeline does not say what its inputs are, or with all that is wrong with the model
 */
export function sketchModel({ config, located }: LoadedPipeline): ModelSpec {
  try {
    const { inputs, heads } = config.model;
    if (inputs === undefined)
      throw new ConfigError({
        where: 'model.inputs',
        expected: 'the shapes of the inputs, because the data that would say it is not there',
        found: 'nothing',
        hint: 'inputs: { x: [2048] }',
      });
    const given = Object.entries(inputs).map(([name, stated]): [string, Given['inputs'][string]] => [
      name,
      'shape' in stated ? stated : { shape: stated, dtype: 'float32' },
    ]);
    // A pattern, taken for a name, means itself.
    const labels = heads.named.map(({ columns, name }) => columns ?? (name as string));
    const where = (path: readonly PropertyKey[]): string => placeOf(path, 'model');
    return buildModel(config.model, { inputs: Object.fromEntries(given), labels, seed: config.seed, where }).spec;
  } catch (error) {
    throw located(error);
  }
}
