import { useState } from "react";
import { Icon } from "./icon.tsx";
import { useToast } from "./toast.tsx";

/** Copies a text. */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const [copied, setCopied] = useState(false);
  const toast = useToast();
  async function copy() {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      toast("The browser does not let this page copy.", "error");
      return;
    }
    setCopied(true);
    setTimeout(() => setCopied(false), 1500);
  }
  return (
    <button
      type="button"
      className="icon-button small"
      onClick={copy}
      aria-label={copied ? "Copied" : `Copy ${what}`}
      title={copied ? "Copied" : `Copy ${what}`}
    >
      <Icon name={copied ? "check" : "copy"} />
    </button>
  );
}
