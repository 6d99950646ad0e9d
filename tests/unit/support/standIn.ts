import * as pulumi from "@pulumi/pulumi";
import { decode } from "./wire";

export const ACCOUNT = "111122223333";
export const ISSUER = "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE";
export const PROVIDER_ARN = `arn:aws:iam::${ACCOUNT}:oidc-provider/${ISSUER}`;

/** The results of lookups, by the token of the provider function. An Error makes the lookup fail. */
export type Lookups = Readonly<Record<string, (inputs: Record<string, unknown>) => Record<string, unknown> | Error>>;

export const GET_CLUSTER = "aws:eks/getCluster:getCluster";
export const GET_OIDC_PROVIDER = "aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider";

/** The answers of an account with one IPv4 cluster and its OIDC provider. */
export const LOOKUPS: Lookups = {
    [GET_CLUSTER]: ({ name }) => cluster(String(name), "ipv4"),
    [GET_OIDC_PROVIDER]: ({ url }) => ({ arn: `arn:aws:iam::${ACCOUNT}:oidc-provider/${issuerOf(String(url))}`, url }),
};

/** The same account, and the ARN of the cluster. */
export const WITH_ARN: Lookups = {
    ...LOOKUPS,
    [GET_CLUSTER]: ({ name }) => ({
        ...cluster(String(name), "ipv4"),
        arn: `arn:aws:eks:us-west-2:${ACCOUNT}:cluster/${String(name)}`,
    }),
};

export function cluster(name: string, ipFamily: string | undefined): Record<string, unknown> {
    return {
        name,
        identities: [{ oidcs: [{ issuer: `https://${ISSUER}` }] }],
        kubernetesNetworkConfigs: ipFamily === undefined ? [] : [{ ipFamily }],
    };
}

function issuerOf(url: string): string {
    return url.startsWith("https://") ? url.slice("https://".length) : url;
}

/**
 * A created resource: its inputs, and the outputs that AWS computes. A preview has no computed outputs, so the SDK treats them
 * as unknown.
 */
export function mockedResource({ type, name, inputs }: pulumi.runtime.MockResourceArgs, preview: boolean) {
    const args = inputs as Record<string, unknown>;
    const id = `${name}-id`;
    if (preview) {
        return { id: undefined, state: args };
    }
    return { id, state: { ...args, ...computed(type, name, decode(args).value as Record<string, unknown>) } };
}

function computed(type: string, name: string, inputs: Record<string, unknown>): Record<string, unknown> {
    const text = (key: string, otherwise: string) => (typeof inputs[key] === "string" ? inputs[key] : otherwise);
    const account = `arn:${partitionOf(inputs)}:iam::${ACCOUNT}`;
    switch (type) {
        case "aws:iam/role:Role": {
            const roleName = text("name", `${name}-1a2b3c4`);
            return { name: roleName, arn: `${account}:role${text("path", "/")}${roleName}`, uniqueId: `AROA-${name}` };
        }
        case "aws:iam/policy:Policy":
            return { arn: `${account}:policy${text("path", "/")}${name}-1a2b3c4` };
        default:
            return {};
    }
}

function partitionOf(inputs: Record<string, unknown>): string {
    const document = inputs["assumeRolePolicy"] ?? inputs["policy"];
    return /arn:(aws[a-z-]*):/.exec(typeof document === "string" ? document : "")?.[1] ?? "aws";
}

/** A resource outside the component, with an output that a preview does not know. */
export class UnrelatedResource extends pulumi.CustomResource {
    declare readonly arn: pulumi.Output<string>;

    constructor(name: string, inputs: pulumi.Inputs = {}) {
        super("test:index:UnrelatedResource", name, { arn: undefined, ...inputs });
    }
}
