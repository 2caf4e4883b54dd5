import { type ReactNode, useEffect, useRef } from "react";

interface PageProps {
  title: ReactNode;
  /** What the browser's tab says. */
  name: string;
  actions?: ReactNode;
  children: ReactNode;
}

/** A page: its heading, which gets the focus when the page is come to, its actions, its content. */
export function Page({ title, name, actions, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    heading.current?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, []);
  useEffect(() => {
    document.title = `${name} · Job board`;
  }, [name]);
  return (
    <main id="content">
      <header className="page-head">
        <h1 ref={heading} tabIndex={-1}>{title}</h1>
        {actions && <div className="actions">{actions}</div>}
      </header>
      {children}
    </main>
  );
}
