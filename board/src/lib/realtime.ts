import { useEffect } from "react";
import type { Client } from "../client.ts";
import { invalidate } from "./invalidation.ts";

/**
 * Where Realtime is there, a user's own changes make the page ask at once; it only rings, what is shown
 * comes from queries. Operators poll: every change of every job would be checked against their rights.
 */
export function useInvalidation(client: Client, userId: string, isOperator: boolean): void {
  useEffect(() => {
    if (isOperator) return;
    const channel = client.channel("board").on(
      "postgres_changes",
      { event: "*", schema: "public", table: "job", filter: `user_id=eq.${userId}` },
      invalidate,
    );
    let left = false;
    const leave = () => {
      if (left) return;
      left = true;
      client.removeChannel(channel);
      client.realtime.disconnect();
    };
    channel.subscribe((status) => {
      if (status === "CHANNEL_ERROR" || status === "TIMED_OUT") leave();
    });
    return leave;
  }, [client, userId, isOperator]);
}
