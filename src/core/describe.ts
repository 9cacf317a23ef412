import { z } from 'zod';
import { quote } from './format.ts';
import type { AnyPlugin } from './plugin.ts';

/** The parts of a JSON schema that say what may be written for an option. */
interface Written {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Written[];
  readonly oneOf?: readonly Written[];
  readonly allOf?: readonly Written[];
  readonly items?: Written;
  readonly properties?: Readonly<Record<string, Written>>;
  readonly additionalProperties?: Written | boolean;
  readonly required?: readonly string[];
  readonly default?: unknown;
  readonly description?: string;
}

const literal = (value: unknown): string => (typeof value === 'string' ? quote(value) : JSON.stringify(value));

/** What may be written, in few words: `number`, `'a' | 'b'`, `list of text`. Empty where JSON has no words for it. */
function kindOf(written: Written): string {
  const { type, items, properties, additionalProperties } = written;
  if ('const' in written) return literal(written.const);
  if (written.enum) return written.enum.map(literal).join(' | ');
  const choices = choicesOf(written);
  if (choices.length > 0) return kindOfChoices(choices);
  if (type === 'array') return `list of ${(items && kindOf(items)) || 'values'}`;
  if (type !== 'object') return type === 'string' ? 'text' : type === 'integer' ? 'whole number' : (type ?? '');
  if (properties?.type) return `{ type: ${kindOf(properties.type)}, … }`;
  if (properties) return `{ ${Object.keys(properties).join(', ')} }`;
  const values = typeof additionalProperties === 'object' ? kindOf(additionalProperties) : '';
  return `${values || 'values'} by name`;
}

const choicesOf = ({ anyOf, oneOf, allOf }: Written): readonly Written[] =>
  (anyOf ?? oneOf ?? allOf ?? []).flatMap((choice) => {
    const inner = choicesOf(choice);
    return inner.length > 0 ? inner : [choice];
  });

/** Members of a family are told by their types. */
function kindOfChoices(choices: readonly Written[]): string {
  const types = choices.flatMap(({ properties }) => (properties?.type ? [kindOf(properties.type)] : []));
  const others = choices.filter(({ properties }) => !properties?.type).map(kindOf);
  const typed = types.length > 0 ? [`{ type: ${types.join(' | ')}, … }`] : [];
  return [...new Set([...others, ...typed].filter((kind) => kind !== ''))].join(' | ');
}

/** One option a line, those inside of it indented below. */
function lines({ properties = {}, required = [] }: Written, indent: string): readonly string[] {
  return Object.entries(properties).flatMap(([name, written]) => {
    const kind = kindOf(written);
    const presence =
      'default' in written ? ` = ${literal(written.default)}` : required.includes(name) ? '' : ' (optional)';
    const head = `${indent}${name}${kind ? `: ${kind}` : ''}${presence}`;
    const inner = written.type === 'object' && !written.properties?.type ? lines(written, `${indent}  `) : [];
    return [written.description ? `${head}. ${written.description}` : head, ...inner];
  });
}

/** What a plugin is for, and its options: what may be written for each, its default, and what it does. */
export function describePlugin({ type, summary, fields }: AnyPlugin): string {
  const written = z.toJSONSchema(fields, { io: 'input', unrepresentable: 'any' }) as Written;
  return [`${type}: ${summary}`, ...lines(written, '  ')].join('\n');
}
