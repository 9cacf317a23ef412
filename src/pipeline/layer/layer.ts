import type { layers } from '@tensorflow/tfjs-layers';
import { z } from 'zod';
import { type Plugin, plugin } from '../../core/plugin.ts';

type Layer = layers.Layer;

const common = {
  name: z
    .string()
    .regex(/^[A-Za-z0-9][\w.-]*$/)
    .optional()
    .describe('Name of the layer, for `from` and for its parameters; after its place in the model when left out.'),
};

/** Options as tf.layers takes them: those that were left out are not there. */
export type Given<Options> = { [Name in keyof Options]: Exclude<Options[Name], undefined> };

/** What a layer says of itself; every one has a `name` besides. */
interface Definition<Type extends string, Fields extends z.ZodRawShape> {
  readonly type: Type;
  readonly summary: string;
  readonly fields: Fields;
  /** The option that is meant when only one value is given: `dense: 64`. */
  readonly main?: keyof Fields & string;
  readonly example: z.input<z.ZodObject<Fields>>;
  build(options: Given<z.output<z.ZodObject<Fields>>>): Layer;
}

/** A layer of tf.layers as a plugin. */
export function layer<const Type extends string, Fields extends z.ZodRawShape>({
  build,
  fields,
  ...definition
}: Definition<Type, Fields>): Plugin<Type, z.ZodObject<Fields & typeof common>, Layer> {
  type Configured = Plugin<Type, z.ZodObject<Fields & typeof common>, Layer>;
  const build_ = (config: object): Layer =>
    build(
      Object.fromEntries(
        Object.entries(config).filter(([name, value]) => name !== 'type' && value !== undefined),
      ) as Given<z.output<z.ZodObject<Fields>>>,
    );
  return plugin({ ...definition, fields: z.object({ ...fields, ...common }), build: build_ } as unknown as Configured);
}
