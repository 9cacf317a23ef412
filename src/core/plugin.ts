import { z } from 'zod';
import { parseConfig, placeOf, type Where } from './config.ts';
import { describePlugin } from './describe.ts';
import { ConfigError } from './error.ts';
import { formatValue, oneOf, quote } from './format.ts';
import { didYouMean } from './suggest.ts';

/** One choice within a family (a loss, an optimizer, a source, …): its documentation, options and implementation in one object. */
export interface Plugin<Type extends string, Fields extends z.ZodObject, Product, Context = void> {
  /** The name in configurations; the same as the file's and the export's. */
  readonly type: Type;
  /** One sentence for help and the reference page. */
  readonly summary: string;
  /** The options, each with `.describe(…)`; an option that is itself an object is a `z.strictObject`. */
  readonly fields: Fields;
  /** The option that is meant when a short form gives one value instead of options: `{ multiHot: 2048 }`. */
  readonly main?: string;
  /** Options of a working example, `type` left out. */
  readonly example: z.input<Fields>;
  /** Makes the thing from checked options, defaults filled in. */
  build(config: z.output<Fields>, context: Context): Product;
}

// biome-ignore lint/suspicious/noExplicitAny: a registry holds plugins of every config and context; parameters vary the other way.
export type AnyPlugin = Plugin<string, z.ZodObject, unknown, any>;

/** zod takes an object without options for one that refuses every key, `type` among them. */
type Options<T> = string extends keyof T ? unknown : T;

/** What a user writes for a plugin: `{ type, …options }`. */
export type ConfigOf<P extends AnyPlugin> =
  P extends Plugin<infer Type, infer Fields, unknown, never>
    ? { readonly type: Type } & Options<z.input<Fields>>
    : never;

/** A checked configuration: defaults filled in. */
export type ParsedOf<P extends AnyPlugin> =
  P extends Plugin<infer Type, infer Fields, unknown, never>
    ? { readonly type: Type } & Options<z.output<Fields>>
    : never;

export type ProductOf<P extends AnyPlugin> = ReturnType<P['build']>;
export type ContextOf<P extends AnyPlugin> = Parameters<P['build']>[1];

/** Declares a plugin, its types inferred from what it says of itself. */
export function plugin<const Type extends string, Fields extends z.ZodObject, Product, Context = void>(
  definition: Plugin<Type, Fields, Product, Context>,
): Plugin<Type, Fields, Product, Context> {
  return definition;
}

/** The registry of one kind of plugin, and what derives from it. */
export interface Family<P extends AnyPlugin> {
  /** What a member is called in errors and help: `merge strategy`. */
  readonly name: string;
  readonly plugins: readonly P[];
  /** The members' types, in the registry's order. */
  readonly types: readonly P['type'][];
  /**
   * For people: every member's purpose and options, with their defaults.
   * @param type of the only member to describe; all when left out
   * @throws ConfigError with the choices, when there is none of that type
   */
  describe(type?: string): string;
  /** The union of all members' configurations, for use inside larger schemas. Unknown options are errors. */
  readonly schema: z.ZodType<ParsedOf<P>, ConfigOf<P>>;
  /**
   * The member of this type.
   * @throws ConfigError with the choices, and the closest of them
   */
  find(type: string, where: Where): P;
  /**
   * Checks a configuration and fills in defaults.
   * @throws ConfigError with every issue
   */
  parse(config: unknown, where: Where): ParsedOf<P>;
  /** Makes the thing a checked configuration describes. */
  create(config: ParsedOf<P>, context: ContextOf<P>): ProductOf<P>;
  /**
   * `parse`, then `create`.
   * @throws ConfigError with every issue
   */
  build(config: unknown, context: ContextOf<P>, where: Where): ProductOf<P>;
}

/**
 * Makes a family from the literal array of its members.
 * @throws ConfigError when two members share a type, or a member has an option called `type`
 */
export function family<const Plugins extends readonly [AnyPlugin, ...AnyPlugin[]]>(
  name: string,
  plugins: Plugins,
): Family<Plugins[number]> {
  type P = Plugins[number];
  const byType = new Map<string, P>();
  for (const member of plugins) {
    if (byType.has(member.type) || 'type' in member.fields.shape)
      throw new ConfigError({
        where: name,
        expected: byType.has(member.type) ? 'one plugin per type' : "options other than 'type', which names the plugin",
        found: byType.has(member.type)
          ? `two of type ${quote(member.type)}`
          : `it in the fields of ${quote(member.type)}`,
      });
    byType.set(member.type, member);
  }
  const types = [...byType.keys()];
  const [first, ...others] = plugins.map((member) =>
    member.fields.safeExtend({ type: z.literal(member.type).describe(member.summary) }).strict(),
  ) as [z.ZodObject<{ type: z.ZodLiteral<string> }>, ...z.ZodObject<{ type: z.ZodLiteral<string> }>[]];
  // What the union of these schemas accepts and yields is computed by `ConfigOf` and `ParsedOf` instead.
  const schema = z.discriminatedUnion('type', [first, ...others]) as unknown as Family<P>['schema'];

  const find = (type: string, where: Where): P => {
    const member = byType.get(type);
    if (member !== undefined) return member;
    const place = placeOf(['type'], where);
    throw new ConfigError({
      where: place,
      expected: oneOf(types),
      found: formatValue(type),
      ...didYouMean(type, types),
    });
  };
  const parse = (config: unknown, where: Where): ParsedOf<P> => parseConfig(schema, config, where);
  const create = (config: ParsedOf<P>, context: ContextOf<P>): ProductOf<P> =>
    find(config.type, name).build(config, context) as ProductOf<P>;
  const build = (config: unknown, context: ContextOf<P>, where: Where): ProductOf<P> =>
    create(parse(config, where), context);
  const describe = (type?: string): string =>
    (type === undefined ? plugins : [find(type, name)]).map(describePlugin).join('\n\n');
  return { name, plugins, types, describe, schema, find, parse, create, build };
}
