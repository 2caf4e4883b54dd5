// Cleans up after a test run that was interrupted or killed: a process of its own, which acts when
// its standard input ends, and that ends with us in every case.
import { spawn } from "node:child_process";

const SCRIPT = `
while read -r folder; do set -- "$@" "$folder"; done
for folder do
  for file in "$folder"/pgdata/postmaster.pid "$folder"/*/pgdata/postmaster.pid; do
    test -f "$file" && pid=$(head -n 1 "$file") || continue
    kill -INT "$pid" && for wait in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$pid" || break; sleep 0.5; done
  done
  rm -rf -- "$folder"
done`;

const child = spawn("/bin/sh", ["-c", SCRIPT, "sh"], {
  stdio: ["pipe", "ignore", "ignore"],
  detached: true,
});
child.unref();

/** When this process is gone, however it ended, a Postgres in the folder is stopped and it is removed. */
export function removeWhenGone(folder: string): void {
  child.stdin!.write(`${folder}\n`);
}
