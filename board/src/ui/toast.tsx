import { createContext, type ReactNode, useCallback, useContext, useState } from "react";
import { Icon } from "./icon.tsx";

type Tone = "done" | "error";
type Show = (text: string, tone?: Tone) => void;

const ToastContext = createContext<Show>(() => {});
const SHOWN_MS = 6_000;

/** Says for a while how something went; read out by screen readers. */
export function Toasts({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<{ id: number; text: string; tone: Tone }[]>([]);
  const show = useCallback<Show>((text, tone = "done") => {
    const id = Math.random();
    setToasts((shown) => [...shown.slice(-2), { id, text, tone }]);
    setTimeout(() => setToasts((shown) => shown.filter((toast) => toast.id !== id)), SHOWN_MS);
  }, []);
  return (
    <ToastContext.Provider value={show}>
      {children}
      <div className="toasts" role="status" aria-live="polite">
        {toasts.map(({ id, text, tone }) => (
          <div key={id} className={`toast ${tone}`}>
            <Icon name={tone === "done" ? "check" : "warning"} />
            {text}
          </div>
        ))}
      </div>
    </ToastContext.Provider>
  );
}

/** Shows a toast. */
export function useToast(): Show {
  return useContext(ToastContext);
}
