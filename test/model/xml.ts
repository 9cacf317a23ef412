import { fail } from 'node:assert';

/** An element of an XML text. */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
  /** Directly in the element, with entities resolved. */
  text: string;
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const illegal = /[^\P{Cc}\t\r\n\x7F-\x9F]|[\p{Cs}\uFFFE\uFFFF]/u;

function resolved(text: string): string {
  if (illegal.test(text)) fail(`a character that XML can't hold in ${JSON.stringify(text)}`);
  if (/[<>]/.test(text)) fail(`a bare < or > in ${text}`);
  return text.replace(
    /&([^;&]*;?)/g,
    (whole, name: string) => entities[name.replace(/;$/, '')] ?? fail(`${whole} in ${text}`),
  );
}

function attributesOf(text: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  const rest = text.replace(/\s+([a-zA-Z:-]+)="([^"<]*)"/g, (_, name: string, value: string) => {
    if (name in attributes) fail(`${name} twice in ${text}`);
    attributes[name] = resolved(value);
    return '';
  });
  if (rest.trim() !== '') fail(`${rest} among the attributes`);
  return attributes;
}

/**
 * Reads XML of elements, attributes and text, and nothing else.
 * @throws AssertionError when it is not well-formed
 * @see https://www.w3.org/TR/xml/#sec-well-formed
 */
export function parseXml(text: string): Element {
  const top: Element = { name: '', attributes: {}, children: [], text: '' };
  const open = [top];
  let end = 0;
  for (const { 0: tag, 1: closing, 2: name = '', 3: rest = '', 4: empty, index } of text.matchAll(
    /<(\/?)([a-zA-Z]+)((?:\s+[a-zA-Z:-]+="[^"]*")*)\s*(\/?)>/g,
  )) {
    const parent = open.at(-1) as Element;
    parent.text += resolved(text.slice(end, index));
    end = index + tag.length;
    if (closing) {
      if (parent.name !== name || rest) fail(`${tag} closes <${parent.name}>`);
      open.pop();
      continue;
    }
    const element: Element = { name, attributes: attributesOf(rest), children: [], text: '' };
    parent.children.push(element);
    if (!empty) open.push(element);
  }
  if (open.length > 1) fail(`<${open.at(-1)?.name}> is not closed`);
  if (top.children.length !== 1 || (top.text + text.slice(end)).trim() !== '') fail('not one element');
  return top.children[0] as Element;
}

/** An element and all in it. */
export function elementsOf(element: Element): readonly Element[] {
  return [element, ...element.children.flatMap(elementsOf)];
}
