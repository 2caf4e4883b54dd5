import { useState } from "react";
import { messageOf } from "../lib/errors.ts";
import { useToast } from "./toast.tsx";

/** Runs one thing at a time and shows how it went; `act` resolves to false if it failed. */
export function useAction(): {
  busy: boolean;
  act: (work: () => Promise<string | void>) => Promise<boolean>;
} {
  const [busy, setBusy] = useState(false);
  const toast = useToast();
  async function act(work: () => Promise<string | void>): Promise<boolean> {
    if (busy) return false;
    setBusy(true);
    try {
      const done = await work();
      if (done) toast(done);
      return true;
    } catch (error) {
      toast(messageOf(error), "error");
      return false;
    } finally {
      setBusy(false);
    }
  }
  return { busy, act };
}
