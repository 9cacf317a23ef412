import { Composer, type CST, type Document, type LineCounter, Parser, YAMLParseError } from 'yaml';

/** How deep lists and objects may be nested. */
export const deepest = 200;

/** A document of a text; or where it is nested too deep: characters before that. */
export type Parsed = { readonly document: Document.Parsed } | { readonly deepAt: number };

/**
 * What `parseDocument` does, with two bounds. The parser's own tokens are looked at before anything follows them: who
 * follows what is nested without end comes to the end of the stack, and a regular expression that is compiled there ends
 * the process. And it is not asked for names that stand twice, for which it compares each with all: `repeatedNames` does it.
 */
export function parse(text: string, lines: LineCounter): Parsed {
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  const deepAt = tooDeep(tokens);
  if (deepAt !== undefined) return { deepAt };
  const options = { lineCounter: lines, prettyErrors: false, uniqueKeys: false };
  let first: Document.Parsed | undefined;
  for (const document of new Composer(options).compose(tokens, true, text.length)) {
    if (!first) first = document as Document.Parsed;
    else {
      const { range } = document;
      first.errors.push(new YAMLParseError([range[0], range[1]], 'MULTIPLE_DOCS', 'several documents'));
      break;
    }
  }
  return { document: first as Document.Parsed };
}

/** Where the first list or object begins that is too deep; without calls of itself, which would be as deep. */
function tooDeep(tokens: readonly CST.Token[]): number | undefined {
  let at: number | undefined;
  const open: [token: CST.Token, depth: number][] = tokens.map((token) => [token, 0]);
  for (let top = open.pop(); top; top = open.pop()) {
    const [token, around] = top;
    if (token.type === 'document') {
      if (token.value) open.push([token.value, 0]);
      continue;
    }
    if (!('items' in token)) continue;
    const depth = around + 1;
    if (depth > deepest) {
      at = Math.min(at ?? token.offset, token.offset);
      continue;
    }
    for (const { key, value } of token.items) {
      if (key) open.push([key, depth]);
      if (value) open.push([value, depth]);
    }
  }
  return at;
}
