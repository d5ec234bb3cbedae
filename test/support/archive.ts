import { crc32, gunzipSync, inflateRawSync } from 'node:zlib';

/** A regular file of an archive. */
export interface ArchiveFile {
  readonly name: string;
  readonly data: Buffer;
}

const TAR_BLOCK = 512;

/** The regular files of a gzipped tar archive (ustar, as npm writes them). Throws when it is cut short. */
export function* readTarGz(archive: Buffer): Generator<ArchiveFile> {
  const bytes = gunzipSync(archive);
  let offset = 0;
  while (offset + TAR_BLOCK <= bytes.length) {
    const header = bytes.subarray(offset, offset + TAR_BLOCK);
    offset += TAR_BLOCK;
    const name = tarText(header, 0, 100);
    if (name === '') return;
    const size = Number.parseInt(tarText(header, 124, 12).trim(), 8);
    if (!Number.isSafeInteger(size) || offset + size > bytes.length) {
      throw new Error(`tar archive ends inside of ${name}`);
    }
    const prefix = tarText(header, 345, 155);
    const type = tarText(header, 156, 1);
    if (type === '' || type === '0') {
      yield { name: prefix === '' ? name : `${prefix}/${name}`, data: bytes.subarray(offset, offset + size) };
    }
    offset += Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;
  }
}

const ZIP_END_SIGNATURE = 0x06054b50;
const ZIP_ENTRY_SIGNATURE = 0x02014b50;
const ZIP_END_SIZE = 22;
const ZIP_COMMENT_MAX = 0xffff;

/** The files of a zip archive (stored or deflated, no zip64, no encryption), checked against their CRC. */
export function* readZip(archive: Buffer): Generator<ArchiveFile> {
  const end = zipEnd(archive);
  const count = archive.readUInt16LE(end + 10);
  let offset = archive.readUInt32LE(end + 16);
  for (let index = 0; index < count; index += 1) {
    if (archive.readUInt32LE(offset) !== ZIP_ENTRY_SIGNATURE) throw new Error('zip directory is damaged');
    const nameLength = archive.readUInt16LE(offset + 28);
    const name = archive.toString('utf8', offset + 46, offset + 46 + nameLength);
    if (!name.endsWith('/')) yield { name, data: zipData(archive, offset, name) };
    offset += 46 + nameLength + archive.readUInt16LE(offset + 30) + archive.readUInt16LE(offset + 32);
  }
}

function tarText(header: Buffer, start: number, length: number): string {
  const field = header.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? length : end);
}

/** The record that ends a zip archive; a comment of unknown length may follow it. */
function zipEnd(archive: Buffer): number {
  const last = archive.length - ZIP_END_SIZE;
  for (let offset = last; offset >= Math.max(0, last - ZIP_COMMENT_MAX); offset -= 1) {
    if (archive.readUInt32LE(offset) === ZIP_END_SIGNATURE) return offset;
  }
  throw new Error('not a zip archive');
}

function zipData(archive: Buffer, entry: number, name: string): Buffer {
  const method = archive.readUInt16LE(entry + 10);
  const checksum = archive.readUInt32LE(entry + 16);
  const compressedSize = archive.readUInt32LE(entry + 20);
  const size = archive.readUInt32LE(entry + 24);
  const local = archive.readUInt32LE(entry + 42);
  // The lengths of name and extra field of the local header may differ from those of the directory.
  const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
  const raw = archive.subarray(start, start + compressedSize);
  if (method !== 0 && method !== 8) throw new Error(`${name} is compressed by unknown method ${method}`);
  // zlib wants a limit of at least one byte, even for an empty file.
  const data = method === 0 ? raw : inflateRawSync(raw, { maxOutputLength: Math.max(1, size) });
  if (data.length !== size || crc32(data) !== checksum) throw new Error(`${name} is damaged`);
  return data;
}
