import * as pulumi from "@pulumi/pulumi";
import { child, children } from "./children";
import { ISSUER, PROVIDER_ARN } from "./standIn";
import { construct, Run, MockOptions } from "./underMocks";

export const ROLE_ARN = "arn:aws:iam::111122223333:role/cni-role-1a2b3c4";
export const MANAGED = "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy";
const GUARD = "eks-cni-project-stack-cni-a46ffae2";
/** The same digest as in tests/unit/components/shapes.test.ts: both shapes deliver the same. */
export const DELIVERED = "ec6352e1e6842b81";

export const ORDER = ["cni-deletion-order-1", "cni-deletion-order-2"];
export const CHECKS = ["cni-credential-guard", "cni-canary", "cni-detachment"];

export const COMMON = {
    subject: {
        component: "cni",
        fieldManager: "eks-cni/project/stack/cni",
        serviceAccount: { namespace: "kube-system", name: "aws-node" },
        daemonSetName: "aws-node",
        injectionGuardName: GUARD,
        ipFamily: "ipv4",
        roleArn: ROLE_ARN,
        issuers: [ISSUER],
        annotations: { "eks.amazonaws.com/role-arn": ROLE_ARN },
    },
    iamPropagationSeconds: 120,
    timeouts: {
        proofSeconds: 120,
        canarySeconds: 300,
        verificationSeconds: 900,
        handBackSeconds: 1800,
    },
    region: "",
    forceDestroy: false,
    drift: "none",
};

/** Constructs the component with live checks. */
export function live(args: object = {}, options: MockOptions = {}, opts?: pulumi.ComponentResourceOptions) {
    return construct({ oidcProviderArn: PROVIDER_ARN, liveChecks: undefined, ...args }, options, opts);
}

export function names(run: Run<unknown>): string[] {
    return children(run).map(({ name }) => name);
}

/** The inputs without the provider's code, which has its own test. */
export function inputs(run: Run<unknown>, name: string): Record<string, unknown> {
    const entries = Object.entries(child(run, name)?.inputs ?? {});
    return Object.fromEntries(entries.filter(([key]) => key !== "__provider"));
}

/** One option of each child, as registered with the engine. */
export function option(run: Run<unknown>, key: string): Record<string, unknown> {
    return Object.fromEntries(run.resources.slice(1).map(({ name, request }) => [name, request[key]]));
}
