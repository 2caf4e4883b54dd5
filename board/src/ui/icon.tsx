const PATHS = {
  overview: "M3 13h4l3-8 4 14 3-6h4",
  jobs: "M4 6h16M4 12h16M4 18h10",
  names: "M5 4v6M5 14v6M12 4v10M12 18v2M19 4v2M19 10v10M3 12h4M10 16h4M17 8h4",
  plus: "M12 5v14M5 12h14",
  copy: "M9 9h10v10H9zM5 15V5h10",
  check: "M5 12l5 5 9-10",
  sun:
    "M12 8a4 4 0 100 8 4 4 0 000-8zM12 3v1.5M12 19.500v1.5M3 12h1.500M19.500 12H21M5.600 5.600l1 1M17.400 17.400l1 1M5.600 18.400l1-1M17.400 6.600l1-1",
  moon: "M20 14.500A8.500 8.500 0 019.500 4a8.500 8.500 0 1010.500 10.500z",
  system: "M4 5h16v11H4zM9 20h6M12 16v4",
  help:
    "M12 3a9 9 0 100 18 9 9 0 000-18zM9.500 9.500a2.600 2.600 0 115 .8c-.5 1.400-2.500 1.700-2.500 3.400M12 17v.2",
  refresh: "M20 11a8 8 0 10-2 6.300M20 5v6h-6",
  out: "M14 4h5v16h-5M10 8l-4 4 4 4M6 12h9",
  search: "M11 5a6 6 0 100 12 6 6 0 000-12zM20 20l-4.500-4.500",
  close: "M6 6l12 12M18 6L6 18",
  warning: "M12 4l9 16H3zM12 10v4M12 17v.2",
  retry: "M4 12a8 8 0 102.300-5.600M4 4v5h5",
  play: "M8 5l11 7-11 7z",
  back: "M15 5l-7 7 7 7",
  trash: "M5 7h14M10 4h4M7 7l1 13h8l1-13M10.500 11v5M13.500 11v5",
  stop: "M7 7h10v10H7z",
  edit: "M5 19l1-4L16 5l3 3L9 18z",
};

export type IconName = keyof typeof PATHS;

/** A small picture beside a word; it says nothing by itself. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
