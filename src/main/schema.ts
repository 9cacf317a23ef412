import { jsonSchema } from '../pipeline/schema/json.ts';

/** Prints the JSON Schema of pipelines, for editors. */
export function schemaCommand(print: (text: string) => void): void {
  print(JSON.stringify(jsonSchema(), null, 2));
}
