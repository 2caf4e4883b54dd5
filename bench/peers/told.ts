/** Says how far it is, and waits until the bench says go. */
export async function tell(line: string): Promise<void> {
  console.log(line);
  await Deno.stdin.read(new Uint8Array(8));
}
