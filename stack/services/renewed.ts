// Sessions that survive the database's death.
// postgres.js gives a reserved connection back to its pool also when it has closed meanwhile, and whoever is handed it
// next waits for ever. `@supabase/lite` reserves one for each request, so a Postgres that dies under load would leave
// a pool of dead ones: when one has closed, the pool is replaced.

/** Something that holds a pool. */
export interface Pooled {
  /** Ends its sessions, within some seconds also those that no one answers. */
  close(): Promise<unknown>;
}

export interface Renewed<T extends Pooled> {
  /** What to use for the next request. */
  current(): T;
  close(): Promise<unknown>;
}

/** So many milliseconds a new one is kept at least: while the database is away every attempt closes. */
const KEPT_FOR = 1000;

/** Makes one, and another when a session of the last one has closed. `make` passes `onclose` to postgres.js. */
export function renewed<T extends Pooled>(make: (onclose: () => void) => T): Renewed<T> {
  let stale = false;
  let born = 0;
  let held: T;

  function renew() {
    let mine: T | undefined = undefined;
    mine = held = make(() => stale ||= mine === undefined || mine === held);
    stale = false;
    born = Date.now();
  }

  renew();
  return {
    current() {
      if (stale && Date.now() - born > KEPT_FOR) {
        const old = held;
        renew();
        old.close().catch(() => {});
      }
      return held;
    },
    close: () => held.close(),
  };
}
