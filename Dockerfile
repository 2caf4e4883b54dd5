# Supabase's edge runtime with this project's functions in it, ready for a self-hosted stack.
# No secrets here: what the functions need comes from the environment they are started in.
ARG EDGE_RUNTIME_IMAGE=supabase/edge-runtime:v1.78.1
FROM ${EDGE_RUNTIME_IMAGE}
COPY deploy/server/main /home/deno/main
COPY supabase/functions /home/deno/functions
EXPOSE 9000
CMD ["start", "--main-service", "/home/deno/main"]
ARG COMMIT
LABEL org.opencontainers.image.revision="${COMMIT}"
