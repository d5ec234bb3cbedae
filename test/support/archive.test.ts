import { crc32, deflateRawSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { readTarGz, readZip } from './archive.ts';

const long = 'word '.repeat(1_000);

function contents(files: Iterable<{ name: string; data: Buffer }>): [string, string][] {
  return [...files].map(({ name, data }) => [name, data.toString()]);
}

describe('readTarGz', () => {
  function entry(name: string, text: string, { type = '0', prefix = '' } = {}): Buffer {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write(`${text.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write(type, 156);
    header.write('ustar\0', 257);
    header.write(prefix, 345);
    const body = Buffer.alloc(Math.ceil(text.length / 512) * 512);
    body.write(text);
    return Buffer.concat([header, body]);
  }

  test('yields regular files with their whole names and skips everything else', () => {
    const archive = Buffer.concat([
      entry('package/', '', { type: '5' }),
      entry('package/a', 'A'),
      entry('b', long, { prefix: 'package/deep' }),
      entry('package/empty', ''),
      Buffer.alloc(1_024),
      entry('after/the/end', 'x'),
    ]);
    expect(contents(readTarGz(gzipSync(archive)))).toEqual([
      ['package/a', 'A'],
      ['package/deep/b', long],
      ['package/empty', ''],
    ]);
  });

  test('refuses an archive that is cut short', () => {
    const archive = gzipSync(entry('a', long).subarray(0, 1_024));
    expect(() => [...readTarGz(archive)]).toThrow('tar archive ends inside of a');
  });
});

describe('readZip', () => {
  function zip(files: readonly { name: string; text: string; method: number }[], comment = ''): Buffer {
    const bodies: Buffer[] = [];
    const directory: Buffer[] = [];
    let offset = 0;
    for (const { name, text, method } of files) {
      const plain = Buffer.from(text);
      const raw = method === 8 ? deflateRawSync(plain) : plain;
      const extra = Buffer.from('extra');
      const local = Buffer.alloc(30);
      local.writeUInt32LE(0x04034b50);
      local.writeUInt16LE(name.length, 26);
      local.writeUInt16LE(extra.length, 28);
      const central = Buffer.alloc(46);
      central.writeUInt32LE(0x02014b50);
      central.writeUInt16LE(method, 10);
      central.writeUInt32LE(crc32(plain), 16);
      central.writeUInt32LE(raw.length, 20);
      central.writeUInt32LE(plain.length, 24);
      central.writeUInt16LE(name.length, 28);
      central.writeUInt32LE(offset, 42);
      bodies.push(local, Buffer.from(name), extra, raw);
      directory.push(central, Buffer.from(name));
      offset += local.length + name.length + extra.length + raw.length;
    }
    const end = Buffer.alloc(22);
    end.writeUInt32LE(0x06054b50);
    end.writeUInt16LE(files.length, 10);
    end.writeUInt32LE(offset, 16);
    end.writeUInt16LE(comment.length, 20);
    return Buffer.concat([...bodies, ...directory, end, Buffer.from(comment)]);
  }

  test('yields stored and deflated files and skips folders', () => {
    const archive = zip(
      [
        { name: 'bin/', text: '', method: 0 },
        { name: 'bin/a', text: long, method: 8 },
        { name: 'bin/b', text: 'stored', method: 0 },
        { name: 'bin/empty', text: '', method: 8 },
      ],
      'with a comment',
    );
    expect(contents(readZip(archive))).toEqual([
      ['bin/a', long],
      ['bin/b', 'stored'],
      ['bin/empty', ''],
    ]);
  });

  test('refuses damaged files, unknown methods and what is no archive', () => {
    const damaged = zip([{ name: 'a', text: 'stored', method: 0 }]);
    damaged.write('STORED', 30 + 1 + 5);
    expect(() => [...readZip(damaged)]).toThrow('a is damaged');
    expect(() => [...readZip(zip([{ name: 'a', text: 'x', method: 12 }]))]).toThrow('unknown method 12');
    expect(() => [...readZip(Buffer.alloc(100))]).toThrow('not a zip archive');
    expect(() => [...readZip(Buffer.alloc(3))]).toThrow('not a zip archive');
  });
});
