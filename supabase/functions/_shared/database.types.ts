// Generated from the migrations by npm run types. Do not edit.
// deno-lint-ignore-file

export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[];

export type Database = {
  "public": {
    Tables: {
      "contact": {
        Row: {
          "email": string;
          "id": number;
          "name": string;
          "user_id": string;
        };
        ComputedFields: never;
        Insert: {
          "email": string;
          "id"?: never;
          "name"?: string;
          "user_id"?: string;
        };
        Update: {
          "email"?: string;
          "id"?: never;
          "name"?: string;
          "user_id"?: string;
        };
        Relationships: [];
      };
      "digest_subscription": {
        Row: {
          "created_at": string;
          "user_id": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "user_id"?: string;
        };
        Update: {
          "created_at"?: string;
          "user_id"?: string;
        };
        Relationships: [];
      };
      "document": {
        Row: {
          "content": string;
          "id": string;
          "indexed_version": number | null;
          "user_id": string;
          "version": number;
          "word_count": number | null;
        };
        ComputedFields: never;
        Insert: {
          "content": string;
          "id"?: string;
          "indexed_version"?: number | null;
          "user_id"?: string;
          "version"?: number;
          "word_count"?: number | null;
        };
        Update: {
          "content"?: string;
          "id"?: string;
          "indexed_version"?: number | null;
          "user_id"?: string;
          "version"?: number;
          "word_count"?: number | null;
        };
        Relationships: [];
      };
      "feed": {
        Row: {
          "etag": string | null;
          "id": string;
          "polled_at": string | null;
          "url": string;
          "user_id": string;
        };
        ComputedFields: never;
        Insert: {
          "etag"?: string | null;
          "id"?: string;
          "polled_at"?: string | null;
          "url": string;
          "user_id"?: string;
        };
        Update: {
          "etag"?: string | null;
          "id"?: string;
          "polled_at"?: string | null;
          "url"?: string;
          "user_id"?: string;
        };
        Relationships: [];
      };
      "feed_item": {
        Row: {
          "feed_id": string;
          "found_at": string;
          "item_id": string;
          "title": string;
        };
        ComputedFields: never;
        Insert: {
          "feed_id": string;
          "found_at"?: string;
          "item_id": string;
          "title": string;
        };
        Update: {
          "feed_id"?: string;
          "found_at"?: string;
          "item_id"?: string;
          "title"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "feed_item_feed_id_fkey";
            columns: ["feed_id"];
            isOneToOne: false;
            referencedRelation: "feed";
            referencedColumns: ["id"];
          },
        ];
      };
      "job": {
        Row: {
          "attempt": number;
          "cancel_requested_at": string | null;
          "created_at": string;
          "finished_at": string | null;
          "id": string;
          "job_name": string;
          "lane": string;
          "last_error": string | null;
          "last_run_at": string | null;
          "locked_at": string | null;
          "max_retries": number;
          "next_run_at": string | null;
          "priority": number;
          "progress": Json | null;
          "request_body": NonNullable<Json>;
          "result": Json | null;
          "retries": number;
          "state": string;
          "unique_key": string | null;
          "updated_at": string;
          "user_id": string | null;
        };
        ComputedFields: never;
        Insert: {
          "attempt"?: number;
          "cancel_requested_at"?: string | null;
          "created_at"?: string;
          "finished_at"?: string | null;
          "id"?: string;
          "job_name": string;
          "lane"?: never;
          "last_error"?: string | null;
          "last_run_at"?: string | null;
          "locked_at"?: string | null;
          "max_retries"?: number;
          "next_run_at"?: string | null;
          "priority"?: number;
          "progress"?: Json | null;
          "request_body"?: NonNullable<Json>;
          "result"?: Json | null;
          "retries"?: number;
          "state"?: string;
          "unique_key"?: string | null;
          "updated_at"?: string;
          "user_id"?: string | null;
        };
        Update: {
          "attempt"?: number;
          "cancel_requested_at"?: string | null;
          "created_at"?: string;
          "finished_at"?: string | null;
          "id"?: string;
          "job_name"?: string;
          "lane"?: never;
          "last_error"?: string | null;
          "last_run_at"?: string | null;
          "locked_at"?: string | null;
          "max_retries"?: number;
          "next_run_at"?: string | null;
          "priority"?: number;
          "progress"?: Json | null;
          "request_body"?: NonNullable<Json>;
          "result"?: Json | null;
          "retries"?: number;
          "state"?: string;
          "unique_key"?: string | null;
          "updated_at"?: string;
          "user_id"?: string | null;
        };
        Relationships: [];
      };
      "job_config": {
        Row: {
          "backoff_max_seconds": number;
          "backoff_seconds": number;
          "concurrency_limit": number;
          "description": string | null;
          "enabled": boolean;
          "global_concurrency_limit": number | null;
          "job_name": string;
          "keep_completed": string;
          "keep_failed": string;
          "lease_seconds": number;
          "linger_seconds": number;
          "max_pending": number | null;
          "rate_limit": number | null;
          "rate_period": string;
          "response_timeout_seconds": number;
        };
        ComputedFields: never;
        Insert: {
          "backoff_max_seconds"?: number;
          "backoff_seconds"?: number;
          "concurrency_limit"?: number;
          "description"?: string | null;
          "enabled"?: boolean;
          "global_concurrency_limit"?: number | null;
          "job_name": string;
          "keep_completed"?: string;
          "keep_failed"?: string;
          "lease_seconds"?: number;
          "linger_seconds"?: number;
          "max_pending"?: number | null;
          "rate_limit"?: number | null;
          "rate_period"?: string;
          "response_timeout_seconds"?: number;
        };
        Update: {
          "backoff_max_seconds"?: number;
          "backoff_seconds"?: number;
          "concurrency_limit"?: number;
          "description"?: string | null;
          "enabled"?: boolean;
          "global_concurrency_limit"?: number | null;
          "job_name"?: string;
          "keep_completed"?: string;
          "keep_failed"?: string;
          "lease_seconds"?: number;
          "linger_seconds"?: number;
          "max_pending"?: number | null;
          "rate_limit"?: number | null;
          "rate_period"?: string;
          "response_timeout_seconds"?: number;
        };
        Relationships: [];
      };
      "job_logs": {
        Row: {
          "created_at": string;
          "id": number;
          "job_id": string;
          "log_level": string;
          "log_message": string;
          "source": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "id"?: never;
          "job_id": string;
          "log_level"?: string;
          "log_message": string;
          "source"?: string;
        };
        Update: {
          "created_at"?: string;
          "id"?: never;
          "job_id"?: string;
          "log_level"?: string;
          "log_message"?: string;
          "source"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "job_logs_job_id_fkey";
            columns: ["job_id"];
            isOneToOne: false;
            referencedRelation: "job";
            referencedColumns: ["id"];
          },
        ];
      };
      "job_schedule": {
        Row: {
          "catch_up": string;
          "catch_up_max": number;
          "created_at": string;
          "cron": string | null;
          "enabled": boolean;
          "every": string | null;
          "id": string;
          "job_name": string;
          "last_at": string | null;
          "last_error": string | null;
          "last_job_id": string | null;
          "max_retries": number;
          "name": string;
          "next_at": string | null;
          "overlap": string;
          "priority": number;
          "request_body": NonNullable<Json>;
          "time_zone": string;
          "user_id": string | null;
        };
        ComputedFields: never;
        Insert: {
          "catch_up"?: string;
          "catch_up_max"?: number;
          "created_at"?: string;
          "cron"?: string | null;
          "enabled"?: boolean;
          "every"?: string | null;
          "id"?: string;
          "job_name": string;
          "last_at"?: string | null;
          "last_error"?: string | null;
          "last_job_id"?: string | null;
          "max_retries"?: number;
          "name": string;
          "next_at"?: string | null;
          "overlap"?: string;
          "priority"?: number;
          "request_body"?: NonNullable<Json>;
          "time_zone"?: string;
          "user_id"?: string | null;
        };
        Update: {
          "catch_up"?: string;
          "catch_up_max"?: number;
          "created_at"?: string;
          "cron"?: string | null;
          "enabled"?: boolean;
          "every"?: string | null;
          "id"?: string;
          "job_name"?: string;
          "last_at"?: string | null;
          "last_error"?: string | null;
          "last_job_id"?: string | null;
          "max_retries"?: number;
          "name"?: string;
          "next_at"?: string | null;
          "overlap"?: string;
          "priority"?: number;
          "request_body"?: NonNullable<Json>;
          "time_zone"?: string;
          "user_id"?: string | null;
        };
        Relationships: [];
      };
    };
    Views: {
      [_ in never]: never;
    };
    Functions: {
      "begin_commit": {
        Args: { "_call_id": string; "_job_id": string; "_token": string };
        Returns: Json;
      };
      "board_apply": {
        Args: { "_action": string; "_filter"?: Json; "_ids"?: (string)[]; "_preview"?: boolean };
        Returns: Json;
      };
      "board_counts": { Args: { "_filter"?: Json }; Returns: Json };
      "board_job": { Args: { "_job_id": string }; Returns: Json };
      "board_jobs": {
        Args: { "_before"?: Json; "_filter"?: Json; "_limit"?: number };
        Returns: Json;
      };
      "board_logs": {
        Args: { "_after"?: number; "_before"?: number; "_job_id": string; "_limit"?: number };
        Returns: Json;
      };
      "board_names": { Args: Record<PropertyKey, never>; Returns: Json };
      "board_overview": { Args: { "_span"?: string }; Returns: Json };
      "board_run_again": { Args: { "_job_id": string; "_request_body"?: Json }; Returns: string };
      "board_run_schedule": { Args: { "_schedule_id": string }; Returns: string };
      "board_schedules": { Args: Record<PropertyKey, never>; Returns: Json };
      "board_set_name": { Args: { "_changes": Json; "_job_name": string }; Returns: Json };
      "board_set_schedule": {
        Args: { "_enabled": boolean; "_schedule_id": string };
        Returns: Json;
      };
      "cancel_job": { Args: { "_job_id": string }; Returns: boolean };
      "commit_job": {
        Args: {
          "_args"?: Json;
          "_call_id"?: string;
          "_function": string;
          "_job_id": string;
          "_token": string;
        };
        Returns: Json;
      };
      "dequeue_job": { Args: { "_job_id": string }; Returns: boolean };
      "explain_job": { Args: { "_job_id": string }; Returns: string };
      "finish_job": {
        Args: {
          "_accept_next"?: boolean;
          "_error"?: string;
          "_job_id": string;
          "_outcome": string;
          "_result"?: Json;
          "_retry_after"?: string;
          "_token": string;
        };
        Returns: Json;
      };
      "heartbeat_job": {
        Args: { "_job_id": string; "_progress"?: Json; "_token": string };
        Returns: Json;
      };
      "import_contacts_chunk": { Args: { "_next"?: Json; "_rows": Json }; Returns: number };
      "is_job_operator": { Args: Record<PropertyKey, never>; Returns: boolean };
      "log_job": {
        Args: { "_job_id": string; "_log_level"?: string; "_log_message": string };
        Returns: undefined;
      };
      "log_job_attempt": {
        Args: { "_job_id": string; "_lines": Json; "_token": string };
        Returns: Json;
      };
      "next_job": {
        Args: { "_call_id"?: string; "_job_name": string; "_linger_seconds"?: number };
        Returns: Json;
      };
      "prune_feed_items": { Args: { "_before": string; "_limit"?: number }; Returns: number };
      "queue_job": {
        Args: {
          "_job_name": string;
          "_max_retries"?: number;
          "_priority"?: number;
          "_request_body"?: Json;
          "_run_at"?: string;
          "_unique_key"?: string;
        };
        Returns: string;
      };
      "queue_jobs": { Args: { "_jobs": Json }; Returns: string[] };
      "release_job": {
        Args: { "_after"?: string; "_job_id": string; "_token": string };
        Returns: Json;
      };
      "retry_job": { Args: { "_job_id": string }; Returns: boolean };
      "save_document_index": {
        Args: { "_document_id": string; "_version": number; "_word_count": number };
        Returns: number;
      };
      "save_feed_poll": {
        Args: { "_etag": string; "_feed_id": string; "_items": Json; "_next_poll_at": string };
        Returns: number;
      };
      "save_job_step": {
        Args: { "_job_id": string; "_name": string; "_result": Json; "_token": string };
        Returns: Json;
      };
      "schedule_job": {
        Args: {
          "_catch_up"?: string;
          "_catch_up_max"?: number;
          "_cron"?: string;
          "_enabled"?: boolean;
          "_every"?: string;
          "_job_name": string;
          "_max_retries"?: number;
          "_name": string;
          "_overlap"?: string;
          "_priority"?: number;
          "_request_body"?: Json;
          "_time_zone"?: string;
          "_user_id"?: string;
        };
        Returns: string;
      };
      "start_job": {
        Args: { "_call_id"?: string; "_job_id": string; "_token": string };
        Returns: Json;
      };
      "unschedule_job": { Args: { "_name": string; "_user_id"?: string }; Returns: boolean };
    };
    Enums: {
      [_ in never]: never;
    };
    CompositeTypes: {
      [_ in never]: never;
    };
  };
};

type DatabaseWithoutInternals = Omit<Database, "__InternalSupabase">;

type DefaultSchema = DatabaseWithoutInternals[Extract<keyof Database, "public">];

export type Tables<
  DefaultSchemaTableNameOrOptions extends
    | keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof (
      & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
      & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"]
    )
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals } ? (
    & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"]
  )[TableName] extends {
    Row: infer R;
  } ? R
  : never
  : DefaultSchemaTableNameOrOptions extends keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
    ? (DefaultSchema["Tables"] & DefaultSchema["Views"])[DefaultSchemaTableNameOrOptions] extends {
      Row: infer R;
    } ? R
    : never
  : never;

export type TablesInsert<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema["Tables"]
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends
    {
      Insert: infer I;
    } ? I
  : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
    ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
      Insert: infer I;
    } ? I
    : never
  : never;

export type TablesUpdate<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema["Tables"]
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends
    {
      Update: infer U;
    } ? U
  : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
    ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
      Update: infer U;
    } ? U
    : never
  : never;

export type Enums<
  DefaultSchemaEnumNameOrOptions extends
    | keyof DefaultSchema["Enums"]
    | { schema: keyof DatabaseWithoutInternals },
  EnumName extends DefaultSchemaEnumNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"]
    : never = never,
> = DefaultSchemaEnumNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"][EnumName]
  : DefaultSchemaEnumNameOrOptions extends keyof DefaultSchema["Enums"]
    ? DefaultSchema["Enums"][DefaultSchemaEnumNameOrOptions]
  : never;

export type CompositeTypes<
  PublicCompositeTypeNameOrOptions extends
    | keyof DefaultSchema["CompositeTypes"]
    | { schema: keyof DatabaseWithoutInternals },
  CompositeTypeName extends PublicCompositeTypeNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"]
    : never = never,
> = PublicCompositeTypeNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"][
    CompositeTypeName
  ]
  : PublicCompositeTypeNameOrOptions extends keyof DefaultSchema["CompositeTypes"]
    ? DefaultSchema["CompositeTypes"][PublicCompositeTypeNameOrOptions]
  : never;

export const Constants = {
  "public": {
    Enums: {},
  },
} as const;
