/** SHA-256 of node:crypto in the form that @smithy/signature-v4 takes. */
import { createHash, createHmac, type BinaryLike } from 'node:crypto';

export class Sha256 {
  readonly #hash;
  constructor(secret?: BinaryLike | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as BinaryLike);
  }
  update(data: string | Uint8Array): void {
    this.#hash.update(data);
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
}
