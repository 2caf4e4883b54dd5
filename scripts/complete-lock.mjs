#!/usr/bin/env node
// Completes package-lock.json after `npm install` on a registry that lacks some platforms' packages: npm
// then leaves them out of the lock, and `npm ci` refuses it. Run by hand: node scripts/complete-lock.mjs
import { readFileSync, writeFileSync } from "node:fs";

const PATTERNS = {
  os: { darwin: /darwin/, win32: /win(32|dows)/, linux: /linux/ },
  cpu: { arm64: /arm64/, x64: /x64/ },
};
const match = (kind, name) =>
  Object.keys(PATTERNS[kind]).find((key) => PATTERNS[kind][key].test(name));

const file = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(file, "utf8"));
const added = [];
for (const parent of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    const path = `node_modules/${name}`;
    const os = match("os", name);
    const cpu = match("cpu", name);
    if (lock.packages[path] || !os || !cpu) continue;
    const dev = parent.dev ? { dev: true } : {};
    lock.packages[path] = {
      version: version.replace(/^[\^~]/, ""),
      ...dev,
      optional: true,
      os: [os],
      cpu: [cpu],
    };
    added.push(`${name}@${version}`);
  }
}
const sorted = Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1));
writeFileSync(
  file,
  `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`,
);
console.log(added.length > 0 ? `added ${added.join(", ")}` : "nothing is missing");
