#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ConfigError, TrunklineError } from './core/error.ts';
import { formatValue, oneOf } from './core/format.ts';
import { didYouMean } from './core/suggest.ts';

const options = {
  help: { type: 'boolean', short: 'h', summary: 'print this help' },
  version: { type: 'boolean', short: 'v', summary: 'print the version' },
} as const;

function help(): string {
  const lines = Object.entries(options).map(
    ([name, { short, summary }]) => `  -${short}, --${name.padEnd(10)}${summary}`,
  );
  return [
    'Usage: trunkline [options]',
    '',
    'Without options: trains six heads on one trunk from generated, partially labelled samples.',
    '',
    'Options:',
    ...lines,
  ].join('\n');
}

function version(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return String(version);
}

async function main(args: readonly string[]): Promise<void> {
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true });
  const known = Object.entries(options).flatMap(([name, { short }]) => [`--${name}`, `-${short}`]);
  const issues = tokens
    .map((token) => (token.kind === 'option' ? token.rawName : token.kind === 'positional' ? token.value : ''))
    .filter((word) => word !== '' && !known.includes(word))
    .map((word) => ({
      where: 'command line',
      expected: oneOf(known),
      found: formatValue(word),
      ...didYouMean(word, known),
    }));
  if (issues.length > 0) throw new ConfigError(issues);

  const asked = (name: string): boolean => tokens.some((token) => token.kind === 'option' && token.name === name);
  if (asked('help')) return console.log(help());
  if (asked('version')) return console.log(version());
  const { demonstrate } = await import('./demo.ts');
  await demonstrate(console.log);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  // What a user can act on is said without a stack trace.
  console.error(error instanceof TrunklineError ? error.message : error);
  process.exitCode = error instanceof ConfigError ? 2 : 1;
}
