// Run by `npm run build` after the compiler: makes dist/bin/antipode, the program that package.json names.
import { access, chmod, mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const folder = fileURLToPath(new URL('../dist/bin', import.meta.url));
const program = fileURLToPath(new URL('../dist/bin/antipode', import.meta.url));

// import() instead of an import statement: a file without extension is CommonJS to some Node.js 20 versions
// and a module to others, and this form means the same to both.
const text = `#!/usr/bin/env node
import('../cli/main.js').then(({ main }) => main(process.argv.slice(2)));
`;

try {
  await access(main);
} catch {
  console.error(`${main} is missing: the compiler must run first; use npm run build`);
  process.exit(1);
}
await mkdir(folder, { recursive: true });
await writeFile(program, text);
await chmod(program, 0o755);
