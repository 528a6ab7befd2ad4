/** Recognises files that are not what their names promise, after common mistakes in fetching a model. */
import { open } from 'node:fs/promises';

/** The start of a pointer file (git-lfs.github.com/spec/v1), which has less than 1,024 bytes. */
const LFS = 'version https://git-lfs.github.com/spec/v1';

/** Completes "the file ...". Null if no problem is known. `head`: the first bytes. */
export function whyWrongFile(head: Buffer, size: number): string | null {
  if (size === 0) return 'is empty; copy or download it again';
  const text = head.toString('latin1');
  if (text.startsWith(LFS)) {
    return 'is a Git LFS pointer, not the file itself; fetch the file with: git lfs pull';
  }
  if (/^(\u00ef\u00bb\u00bf)?\s*<(!doctype html|html|head|\?xml)/i.test(text)) {
    return 'is a web page, not a model. The download failed or needs a login. Download the file again';
  }
  return null;
}

/** The same for a file that should be an ONNX graph. */
export function whyNoGraph(head: Buffer, size: number): string | null {
  const wrong = whyWrongFile(head, size);
  if (wrong !== null) return wrong;
  const starts = (...bytes: number[]) => bytes.every((byte, i) => head[i] === byte);
  if (starts(0x50, 0x4b, 0x03, 0x04)) {
    return 'is a ZIP archive, as PyTorch saves its models (.pt, .pth, .bin); export it with torch.onnx.export, or unpack it if an ONNX file is inside';
  }
  if (starts(0x80, 0x02, 0x8a) || starts(0x80, 0x02, 0x7d) || starts(0x80, 0x04, 0x95)) {
    return 'is a Python pickle, as PyTorch saves its models; export it with torch.onnx.export';
  }
  if (starts(0x1f, 0x8b)) return 'is compressed with gzip; unpack it with gunzip';
  if (starts(0x89, 0x48, 0x44, 0x46))
    return 'is an HDF5 file, as Keras saves its models; convert it with tf2onnx';
  if (head.toString('latin1', 4, 8) === 'TFL3') return 'is a TensorFlow Lite model; convert it with tf2onnx';
  return null;
}

const HEAD_BYTES = 512;

/** Throws node:fs's errors. */
export async function readHead(path: string): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.alloc(HEAD_BYTES);
    const { bytesRead } = await file.read(buffer, 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
