import type { Command, CommanderError } from 'commander';
import { ConfigError } from '../core/error.ts';
import { oneOf, quote } from '../core/format.ts';
import { didYouMean } from '../core/suggest.ts';

/** What commander says is wrong with the command line, in our words. */
export function misused(error: CommanderError, program: Command, words: readonly string[]): ConfigError {
  const { code, message } = error;
  const command = program.commands.find((known) => known.name() === words[0]);
  const options = (command ?? program).options.flatMap(({ short, long }) =>
    [long, short].filter((name) => name != null),
  );
  const known = [...options, '--help'];
  const commands = program.commands.map((listed) => listed.name());
  const [, named = ''] = /'([^']*)'/.exec(message) ?? [];
  const where = command ? `trunkline ${command.name()}` : 'command line';
  switch (code) {
    case 'commander.unknownOption':
      return new ConfigError({ where, expected: oneOf(known), found: quote(named), ...didYouMean(named, known) });
    case 'commander.unknownCommand':
    case 'commander.excessArguments': {
      const word = words.find((given) => !given.startsWith('-')) ?? '';
      if (command) return new ConfigError({ where, expected: usageOf(command), found: words.slice(1).join(' ') });
      return new ConfigError({ where, expected: oneOf(commands), found: quote(word), ...didYouMean(word, commands) });
    }
    case 'commander.missingArgument':
      return new ConfigError({ where, expected: usageOf(command), found: `no ${named}` });
    case 'commander.missingMandatoryOptionValue': {
      const choices = choicesOf(command, named);
      return new ConfigError({
        where: `${where} ${named}`,
        expected: choices ? oneOf(choices) : 'a value',
        found: 'none',
      });
    }
    case 'commander.invalidArgument': {
      const [, , value = ''] = /'([^']*)' argument '([^']*)'/.exec(message) ?? [];
      const choices = choicesOf(command, named) ?? [];
      const hint = didYouMean(value, choices);
      return new ConfigError({ where: `${where} ${named}`, expected: oneOf(choices), found: quote(value), ...hint });
    }
    case 'commander.conflictingOption': {
      const both = [...message.matchAll(/'([^']*)'/g)].map(([, option = '']) => option);
      return new ConfigError({ where, expected: `${both.join(' or ')}`, found: 'both' });
    }
    default: {
      const [first = ''] = message.replace(/^error: /, '').split('\n');
      return new ConfigError({ where, expected: usageOf(command), found: first });
    }
  }
}

/** What may follow an option, by its flags as help shows them. */
const choicesOf = (command: Command | undefined, flags: string): readonly string[] | undefined =>
  command?.options.find((option) => option.flags === flags || option.flags.endsWith(`, ${flags}`))?.argChoices;

const usageOf = (command: Command | undefined): string =>
  command ? `${command.name()} ${command.usage()}` : 'a command';
