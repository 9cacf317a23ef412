import type { YAMLError } from 'yaml';
import type { Issue } from '../../core/error.ts';

type Wording = Omit<Issue, 'where'>;

/** What is said of a fault in the YAML itself, by the parser's code for it. */
const wordings: Readonly<Partial<Record<YAMLError['code'], Wording>>> = {
  TAB_AS_INDENT: { expected: 'spaces', found: 'a tab as indentation', hint: 'indent with two spaces' },
  BAD_INDENT: {
    expected: 'lines that belong together to begin in the same column, and brackets to be closed',
    found: 'another indentation',
  },
  BLOCK_AS_IMPLICIT_KEY: {
    expected: 'one option on a line, and items of a list in one column',
    found: 'something that begins inside another',
    hint: "put quotes round a text that has ': ' in it, and check the indentation",
  },
  MULTILINE_IMPLICIT_KEY: {
    expected: "an option with a ':' after its name",
    found: 'a name that goes on in the next line',
    hint: "is the ':' missing, or a space before '- '?",
  },
  MULTIPLE_DOCS: { expected: 'one pipeline', found: "another document after '---'" },
  MULTIPLE_ANCHORS: { expected: 'one anchor', found: 'several' },
  BAD_DQ_ESCAPE: {
    expected: 'an escape that YAML knows',
    found: 'another after \\',
    hint: 'single quotes take \\ as it is',
  },
  BAD_SCALAR_START: {
    expected: 'a value',
    found: 'a character that no value begins with',
    hint: 'put the value in quotes',
  },
  TAG_RESOLVE_FAILED: { expected: 'a value without a tag', found: 'a tag: !…', hint: 'put the value in quotes' },
};

/** Our wording of a fault in the YAML. `line` is the text of the line it is in. */
export function wordingOf({ code, message }: YAMLError, line: string): Wording {
  if (/[[{][^"']*\$\{/.test(line))
    return {
      expected: 'quotes round ${…} inside { } and [ ]',
      found: 'none',
      hint: 'write "${NAME}", where { and } have no meaning of their own',
    };
  const known = wordings[code];
  if (known) return known;
  const [first = ''] = message.split('\n');
  return { expected: 'well-formed YAML', found: first.charAt(0).toLowerCase() + first.slice(1) };
}
