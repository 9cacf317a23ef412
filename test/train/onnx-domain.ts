import { BinaryReader } from '@bufbuild/protobuf/wire';

/** The contents of the fields with this number in a message of protobuf, all of them of variable length. */
function fieldsOf(message: Uint8Array, wanted: number): Uint8Array[] {
  const reader = new BinaryReader(message);
  const found: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (field === wanted) found.push(reader.bytes());
    else reader.skip(wire);
  }
  return found;
}

const domainOf = (message: Uint8Array, field: number): string =>
  fieldsOf(message, field)
    .map((bytes) => new TextDecoder().decode(bytes))
    .join();

/**
 * The domains that operators of an ONNX model are of, '' being ONNX's own: those that it imports, and those of its nodes.
 * @see onnx.proto3: ModelProto.graph = 7, ModelProto.opset_import = 8, GraphProto.node = 1, NodeProto.domain = 7,
 *   OperatorSetIdProto.domain = 1
 */
export function domainsOf(model: Uint8Array): { readonly imported: string[]; readonly ofNodes: string[] } {
  const nodes = fieldsOf(model, 7).flatMap((graph) => fieldsOf(graph, 1));
  const of = (messages: readonly Uint8Array[], field: number): string[] => [
    ...new Set(messages.map((message) => domainOf(message, field))),
  ];
  return { imported: of(fieldsOf(model, 8), 1), ofNodes: of(nodes, 7) };
}
