/** A message of ONNX Runtime on one line, without the place in its source code that it may begin with. */
export function oneLine(message: string): string {
  const text = message.replaceAll(/\s+/g, ' ').trim();
  return text.replace(/^\S+\.(?:cc|h):\d+ .*? was (?:true|false)\. (?=\S)/, '');
}
