import { ConfigError } from '../core/error.ts';
import { formatValue } from '../core/format.ts';

/**
 * What has a name is looked up by it, in objects.
 * @throws ConfigError when every object has something of that name
 */
export function refuseReserved(where: string, name: string): void {
  if (name in Object.prototype)
    throw new ConfigError({ where, expected: 'a name that not every object has', found: formatValue(name) });
}
