// What Google's own tools read, as far as k8s/cloud-run/ uses it: no package has these types.
import type { IService } from "@kubernetes-models/knative/serving.knative.dev/v1/Service";

type Container = NonNullable<
  NonNullable<NonNullable<NonNullable<NonNullable<IService["spec"]>["template"]>["spec"]>["containers"]>[number]
>;

export interface IRunJob {
  apiVersion: "run.googleapis.com/v1";
  kind: "Job";
  metadata: { name: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  spec: {
    template: {
      metadata?: { annotations?: Record<string, string> };
      spec: {
        parallelism?: number;
        taskCount?: number;
        template: {
          spec: {
            containers: Container[];
            maxRetries?: number;
            serviceAccountName?: string;
            timeoutSeconds?: string;
          };
        };
      };
    };
  };
}

export interface IDeliveryPipeline {
  apiVersion: "deploy.cloud.google.com/v1";
  kind: "DeliveryPipeline";
  metadata: { name: string };
  description?: string;
  serialPipeline: {
    stages: {
      targetId: string;
      profiles?: string[];
      strategy?: { standard?: { verify?: boolean } };
    }[];
  };
}

export interface ITarget {
  apiVersion: "deploy.cloud.google.com/v1";
  kind: "Target";
  metadata: { name: string };
  description?: string;
  requireApproval?: boolean;
  run?: { location: string };
}

export interface IConfig {
  apiVersion: `skaffold/v4beta${number}`;
  kind: "Config";
  metadata?: { name: string };
  manifests?: { rawYaml?: string[] };
  deploy?: { cloudrun?: { projectid?: string; region?: string } };
  verify?: {
    name: string;
    timeout?: number;
    container: {
      name: string;
      image: string;
      command?: string[];
      args?: string[];
      env?: { name: string; value: string }[];
    };
  }[];
}

export interface IScheduler {
  "--location": string;
  "--schedule": string;
  "--time-zone"?: string;
  "--uri": string;
  "--http-method"?: "get" | "post" | "put" | "patch" | "delete" | "head";
  "--oauth-service-account-email"?: string;
  "--attempt-deadline"?: string;
  "--max-retry-attempts"?: number;
}
