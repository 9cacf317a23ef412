import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'vitest';

/** An OpenAPI document, as far as answers are looked up in it. */
export interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

interface Operation {
  readonly summary: string;
  readonly security?: unknown;
  readonly requestBody?: { readonly required: boolean; readonly content: Readonly<Record<string, { schema: object }>> };
  readonly responses: Readonly<Record<string, { readonly content: Readonly<Record<string, { schema: object }>> }>>;
}

/** Sees that answers are as a document says. */
export class DocumentCheck {
  readonly document: Document;
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true });

  constructor(document: unknown) {
    this.document = document as Document;
    expect(this.document.openapi).toMatch(/^3\.1\./);
    this.#ajv.addSchema({ $id: 'document', ...this.document });
  }

  /** An answer of a route that is in the document. @returns its body */
  async answer(method: string, path: string, response: Response): Promise<unknown> {
    const operation = this.document.paths[path]?.[method.toLowerCase()];
    expect(operation, `${method} ${path} is in the document`).toBeDefined();
    const { responses } = operation as Operation;
    const [status, { content }] = Object.entries(responses).find(([own]) => own === String(response.status)) ?? [
      'default',
      responses.default as Operation['responses'][string],
    ];
    const type = (response.headers.get('content-type') ?? '').split(';')[0] as string;
    expect(Object.keys(content), `${method} ${path} ${status}`).toContain(type);
    const text = await response.text();
    if (!type.endsWith('json')) return text;
    const body: unknown = JSON.parse(text);
    const at = [path, method.toLowerCase(), 'responses', status, 'content', type, 'schema'];
    const pointer = at.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1')).map(encodeURIComponent);
    const validate = this.#ajv.compile({ $ref: `document#/paths/${pointer.join('/')}` });
    expect(validate(body) ? [] : validate.errors, `${method} ${path} ${response.status}: ${text}`).toEqual([]);
    return body;
  }
}
