import type { TableColumn } from '../source.ts';

/** How a column of some SQL type is read: its kind, and the expression that gives it in one of few forms. */
export interface Reader {
  readonly kind: TableColumn['kind'];
  /** @param value an SQL expression of the type */
  expression(value: string): string;
}

/** SQL types of numbers, and the type that each is read as. */
const numberTypes: Readonly<Record<string, string>> = {
  BOOLEAN: 'UTINYINT',
  UTINYINT: 'UTINYINT',
  TINYINT: 'INTEGER',
  SMALLINT: 'INTEGER',
  USMALLINT: 'INTEGER',
  INTEGER: 'INTEGER',
  UINTEGER: 'UINTEGER',
  BIGINT: 'DOUBLE',
  UBIGINT: 'DOUBLE',
  HUGEINT: 'DOUBLE',
  UHUGEINT: 'DOUBLE',
  BIGNUM: 'DOUBLE',
  DECIMAL: 'DOUBLE',
  FLOAT: 'FLOAT',
  DOUBLE: 'DOUBLE',
};

const textTypes = ['VARCHAR', 'ENUM', 'UUID', 'INTERVAL', 'BIT', 'TIME', 'TIME_NS', 'TIME WITH TIME ZONE'];

/** Milliseconds since 1970-01-01 UTC. Times without a zone are taken for UTC. */
const times: Readonly<Record<string, (value: string) => string>> = {
  DATE: (value) => `epoch_ms(${value})::DOUBLE`,
  TIMESTAMP: (value) => `epoch_us(${value}) / 1e3`,
  TIMESTAMP_S: (value) => `epoch_ms(${value})::DOUBLE`,
  TIMESTAMP_MS: (value) => `epoch_ms(${value})::DOUBLE`,
  TIMESTAMP_NS: (value) => `epoch_ns(${value}) / 1e6`,
  'TIMESTAMP WITH TIME ZONE': (value) => `epoch_us(${value}) / 1e3`,
};

/** How a column of that type is read. Every type has a way. */
export function readerOf(type: string): Reader {
  const [element, isList] = listElement(type);
  const base = element.replace(/\(.*$/s, '');
  const [kind, lists] = [isList ? 'numbers' : 'number', isList ? 'texts' : 'text'] as const;
  const cast =
    (to: string): Reader['expression'] =>
    (value) => {
      const target = isList ? `${to}[]` : to;
      return type === target ? value : `${value}::${target}`;
    };
  const number = numberTypes[base];
  if (number !== undefined) return { kind, expression: cast(number) };
  const time = times[base];
  if (time !== undefined)
    return {
      kind,
      expression: (value) => (isList ? `list_transform(${value}::${element}[], lambda t: ${time('t')})` : time(value)),
    };
  if (textTypes.includes(base)) return { kind: lists, expression: cast('VARCHAR') };
  if (type === 'BLOB') return { kind: 'bytes', expression: (value) => value };
  return { kind: 'mixed', expression: (value) => `to_json(${value})::VARCHAR` };
}

/** What a list is of; of what is no list, itself. Lists of lists are of no type that is read as a list. */
function listElement(type: string): readonly [element: string, isList: boolean] {
  const element = type.replace(/\[\d*\]$/, '');
  return [element, element !== type];
}
