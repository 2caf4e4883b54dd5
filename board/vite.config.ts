import { defineConfig } from "vite";
import { ANYWHERE, contentSecurityPolicy } from "./csp.ts";

export default defineConfig({
  // Relative: the same files work below any path of any host.
  base: "./",
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  plugins: [{
    name: "content-security-policy",
    // The development server writes styles into the page, which the policy forbids.
    apply: "build",
    transformIndexHtml: () => [{
      tag: "meta",
      attrs: {
        "http-equiv": "Content-Security-Policy",
        content: contentSecurityPolicy(ANYWHERE),
      },
      injectTo: "head-prepend",
    }],
  }],
});
