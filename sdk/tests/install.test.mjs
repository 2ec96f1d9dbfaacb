// The TypeScript library as its users get it: installed into an empty project, from a checkout's folder and as a tarball; there its types
// resolve and its tests run, with node:test and with Vitest.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const LIBRARY = fileURLToPath(new URL('../typescript/', import.meta.url));
const TOOLS = join(LIBRARY, 'node_modules');
const MADE_BY_TOOLS = /^(node_modules|package-lock\.json)$/;

const CALL = `
  const { ahoy, stop } = await startAhoy();
  try {
    const call = await (await ahoy.user("447700900330", { toneHz: 523 })).call();
    await call.wait("connected");
    await call.hears({ toneHz: 523, louderThan: -40, atLeastMs: 500 }, 20_000); // the sample agent says back what it hears
    await call.hangUp();
    await call.wait("ended");
    const wav: Uint8Array = await call.heardWav();
    if (wav.length < 8_000) throw new Error(\`\${wav.length} bytes of sound\`);
  } finally {
    await stop();
  }`;
const plain = CALL.replace('wav: Uint8Array', 'wav');
const PROJECT = {
  'calls.test.mjs': `import { test } from "node:test";\nimport { startAhoy } from "ahoy-sandbox";\ntest("the bot echoes", async () => {${plain}\n});\n`,
  'calls.vitest.mjs': `import { test } from "vitest";\nimport { startAhoy } from "ahoy-sandbox";\ntest("the bot echoes", { timeout: 60_000 }, async () => {${plain}\n});\n`,
  'calls.mts': `import { startAhoy, type Expected, type Heard } from "ahoy-sandbox";\nexport const wanted: Expected = { toneHz: 523 };\nexport const level = (heard: Heard): number | null => heard.level_dbfs;\nexport async function call(): Promise<void> {${CALL}\n}\n`,
  'wrong.mts': 'import { startAhoy } from "ahoy-sandbox";\nawait (await startAhoy()).ahoy.user(447700900330);\n',
};

const run = (folder, command, ...args) =>
  new Promise((resolve) => {
    // Without what `npm run` and `node --test` leave in the environment: the project is not part of this run.
    const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^(npm_(package|lifecycle|command|execpath|node)|INIT_CWD|NODE_TEST_CONTEXT|VITEST)/.test(key)));
    execFile(command, args, { cwd: folder, env, timeout: 120_000 }, (fault, stdout, stderr) => resolve({ status: fault ? (fault.code ?? fault.signal) : 0, said: `${command} ${args.join(' ')}:\n${stdout}${stderr}`, stdout }));
  });
async function good(...command) {
  const { status, said, stdout } = await run(...command);
  assert.equal(status, 0, said);
  return stdout;
}

let folder, checkout;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ahoy-install-'));
  checkout = join(folder, 'checkout');
  // As after `git clone`: nothing that a tool has put there.
  await cp(LIBRARY, checkout, { recursive: true, filter: (path) => !MADE_BY_TOOLS.test(path.slice(LIBRARY.length)) });
});
after(() => rm(folder, { recursive: true }));

it('what the repository holds in dist is what the sources make', async () => {
  await good(LIBRARY, join(TOOLS, '.bin', 'tsc'), '-p', 'tsconfig.json', '--outDir', join(folder, 'built'));
  const names = (await readdir(join(folder, 'built'))).sort();
  assert.deepEqual((await readdir(join(checkout, 'dist'))).sort(), names);
  for (const name of names) {
    assert.equal(await readFile(join(checkout, 'dist', name), 'utf8'), await readFile(join(folder, 'built', name), 'utf8'), `dist/${name} is old: npm --prefix sdk/typescript run build`);
  }
});

for (const way of ['folder', 'tarball']) {
  describe(`installed from a ${way}`, () => {
    let project;
    before(async () => {
      project = join(folder, way);
      await mkdir(project);
      for (const [name, text] of Object.entries(PROJECT)) await writeFile(join(project, name), text);
      await good(project, 'npm', 'init', '--yes');
      let from = checkout;
      if (way === 'tarball') {
        const [{ filename, files }] = JSON.parse(await good(project, 'npm', 'pack', '--json', checkout)); // npm prints what it packed
        from = join(project, filename);
        const inside = files.map(({ path }) => path);
        for (const path of ['dist/index.js', 'dist/index.d.ts', 'README.md', 'package.json']) assert.ok(inside.includes(path), `${path} is not in the tarball: ${inside}`);
        assert.ok(!inside.some((path) => /^(test|src|examples)\//.test(path)), `${inside}`);
      }
      await good(project, 'npm', 'install', '--no-audit', '--no-fund', from);
    });
    it('runs under node:test', async () => {
      const said = await good(project, process.execPath, '--test', '--test-reporter=tap', 'calls.test.mjs');
      assert.match(said, /^# pass 1$/m);
    });
    it('runs under Vitest', async () => {
      await symlink(join(TOOLS, 'vitest'), join(project, 'node_modules', 'vitest'));
      await writeFile(join(project, 'vitest.config.mjs'), 'export default { test: { include: ["*.vitest.mjs"] } };\n');
      assert.match(await good(project, process.execPath, join(TOOLS, 'vitest', 'vitest.mjs'), 'run'), /1 passed/);
    });
    it('has types that resolve without those of Node, and find a mistake', async () => {
      const tsc = (file) => run(project, join(TOOLS, '.bin', 'tsc'), '--noEmit', '--strict', '--exactOptionalPropertyTypes', '--target', 'es2022', '--module', 'nodenext', file);
      const { status, said } = await tsc('calls.mts');
      assert.equal(status, 0, said);
      const wrong = await tsc('wrong.mts');
      assert.notEqual(wrong.status, 0);
      assert.match(wrong.said, /wrong\.mts\(2,\d+\): error TS2345: Argument of type 'number'/);
    });
  });
}
