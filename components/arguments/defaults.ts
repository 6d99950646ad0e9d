import type { Timeouts } from "../../handover/model/subject";

/** The service account and the DaemonSet of the Amazon VPC CNI plugin, as EKS installs it. */
export const DEFAULT_SERVICE_ACCOUNT = { namespace: "kube-system", name: "aws-node" };
export const DEFAULT_DAEMON_SET = "aws-node";

/** How long the Kubernetes provider waits for the rolling update. */
export const DEFAULT_ROLLOUT_SECONDS = 600;

export const DEFAULT_TIMEOUTS: Required<Timeouts> = {
    proofSeconds: 120,
    canarySeconds: 300,
    verificationSeconds: 900,
    handBackSeconds: 1800,
    deliverySeconds: 1200,
};

export const DEFAULT_IAM_PROPAGATION_SECONDS = 120;
export const DEFAULT_STABLE_SECONDS = 20;
