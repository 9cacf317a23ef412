import type { layers } from '@tensorflow/tfjs-layers';
import { z } from 'zod';
import type { ParsedOf } from '../../core/plugin.ts';
import { type ShortConfigOf, shortFormSchema } from '../../core/short-form.ts';
import { pipelineLayers } from '../layer/index.ts';

type Layer = layers.Layer;
type LayerPlugin = (typeof pipelineLayers.plugins)[number];

/** What makes a layer: pipelines in TypeScript may give one, for layers of their own. Each head gets a new one. */
export type LayerMaker = () => Layer;
/** What a user writes for a layer: `{ dense: { units: 64, activation: relu } }`. */
export type LayerConfig = ShortConfigOf<LayerPlugin> | LayerMaker;
/** A checked configuration of a layer, defaults filled in. */
export type ParsedLayer = ParsedOf<LayerPlugin> | LayerMaker;

const shortForm = shortFormSchema(pipelineLayers);

const layerSchema = z
  .unknown()
  .transform((input, context): ParsedLayer => {
    if (typeof input === 'function') return input as LayerMaker;
    const result = shortForm.safeParse(input);
    if (result.success) return result.data;
    for (const issue of result.error.issues) context.addIssue({ ...issue, path: [...issue.path] } as never);
    return z.NEVER;
  })
  .meta({
    // Read when a JSON Schema is made, as that of the short forms is.
    get anyOf() {
      return shortForm.meta()?.anyOf;
    },
  }) as unknown as z.ZodType<ParsedLayer, LayerConfig>;

/** A list of layers, one after the other. */
export const layersSchema = z.array(layerSchema);

/** Makes a layer, and says which name the user gave it. */
export function makeLayer(config: ParsedLayer): { readonly layer: Layer; readonly name: string | undefined } {
  if (typeof config === 'function') return { layer: config(), name: undefined };
  return { layer: pipelineLayers.create(config, undefined), name: config.name };
}

/** The name that a user gave a layer, where one was given. */
export function nameOfLayer(config: ParsedLayer): string | undefined {
  return typeof config === 'function' ? undefined : config.name;
}
