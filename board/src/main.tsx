import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { connect } from "./client.ts";
import { loadConfig } from "./config.ts";
import { messageOf } from "./lib/errors.ts";
import { readMailLink } from "./lib/mail_link.ts";
import { NotConfigured } from "./pages/not_configured.tsx";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/shell.css";
import "./styles/controls.css";
import "./styles/parts.css";
import "./styles/table.css";
import "./styles/overlays.css";
import "./styles/overview.css";
import "./styles/jobs.css";
import "./styles/job.css";

const root = createRoot(document.getElementById("root")!);
try {
  const config = await loadConfig();
  const linkProblem = readMailLink();
  const client = connect(config);
  root.render(
    <StrictMode>
      <App client={client} linkProblem={linkProblem} />
    </StrictMode>,
  );
} catch (error) {
  root.render(<NotConfigured problem={messageOf(error)} />);
}
