// Files of arrays by name: after the length of a header of JSON, the header, and the arrays one after the other.

const TYPES = { U8: Uint8Array, I8: Int8Array, F32: Float32Array };

/**
 * @param {ArrayBuffer} buffer
 * @returns {{metadata: Record<string, string>, tensors: Record<string, any>}} typed arrays; a shape is not kept
 */
export function readTensors(buffer) {
  const start = 8 + Number(new DataView(buffer).getBigUint64(0, true));
  const { __metadata__, ...arrays } = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, start - 8)));
  const tensors = Object.entries(arrays).map(([name, { dtype, data_offsets }]) => {
    const [from, to] = data_offsets;
    const Type = TYPES[/** @type {keyof typeof TYPES} */ (dtype)];
    return [name, new Type(buffer.slice(start + from, start + to))];
  });
  return { metadata: __metadata__ ?? {}, tensors: Object.fromEntries(tensors) };
}
