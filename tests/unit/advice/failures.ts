/** Failures of the clients, as the clients report them. */
import type { KubeConfig } from "@kubernetes/client-node";
import { attach } from "../../../handover/aws/attachments";
import { assume } from "../../../handover/aws/assumeRole";
import type { Clients } from "../../../handover/aws/awsClients";
import { refusalOf, unknownRefusal } from "../../../handover/aws/awsErrors";
import { regionOf } from "../../../handover/aws/awsRegion";
import { verdictOf } from "../../../handover/aws/proofVerdict";
import { NoCredentials } from "../../../handover/kubernetes/authentication";
import { failureOf } from "../../../handover/kubernetes/clusterErrors";
import { loadKubeconfig } from "../../../handover/kubernetes/kubeconfig";
import { NoResponse } from "../../../handover/kubernetes/requests";
import type { Proof } from "../../../handover/model/proof";
import { CNI_ACTIONS } from "../../../documents/cniActions";

const EXPIRED_TOKEN = `x.${Buffer.from('{"exp":1700000000}').toString("base64url")}.x`;

function fromCluster(error: unknown, user: object = { token: "opaque" }, more: object = {}): Promise<Error> {
    const config = {
        currentContext: "prod",
        getCurrentUser: () => ({ name: "operator", ...user }),
        getCurrentCluster: () => ({ server: "https://api.example.com" }),
    } as unknown as KubeConfig;
    const request = { verb: "get", resource: "namespaces", name: "kube-system" };
    return Promise.resolve(failureOf(error, request, { config, kubectl: "kubectl", clusterName: "prod", ...more }));
}

const answer = (code: number, message: string) =>
    Object.assign(new Error("answered"), { code, body: JSON.stringify({ message }) });

/** Each failure of the client of the cluster, by its code. */
export const CLUSTER_FAILURES: Readonly<Record<string, () => Promise<Error>>> = {
    "cluster-unreachable": () => fromCluster(new NoResponse("9 attempts, the last failed with: ENOTFOUND", false)),
    "cluster-throttled": () => fromCluster(new NoResponse("9 attempts, the last answered with 429", false, true, true)),
    "cluster-credentials-missing": () => fromCluster(new NoCredentials("log in"), { exec: { command: "aws" } }),
    "cluster-credentials-expired": () => fromCluster(answer(401, "Unauthorized"), { token: EXPIRED_TOKEN }),
    "cluster-credentials-refused": () => fromCluster(answer(401, "Unauthorized")),
    "cluster-access-denied": () =>
        fromCluster(answer(403, 'namespaces "kube-system" is forbidden: User "me" cannot get resource "namespaces"')),
    "cluster-refuses": () => fromCluster(answer(500, "failed calling webhook")),
    "kubeconfig-invalid": () => reasonOf(loadKubeconfig({ kubeconfig: "{}" })),
};

/** A destroy has the kubeconfig of the state, and its token may have expired since the last update. */
export const expiredInTheState = () =>
    fromCluster(answer(401, "Unauthorized"), { token: EXPIRED_TOKEN }, { fromState: true, kubeconfig: "{}" });

const named = (name: string, message: string) => Object.assign(new Error(message), { name });

function fromAws(name: string, message: string): Promise<Error> {
    const error = named(name, message);
    return Promise.resolve(refusalOf(error, "iam:GetRole", []) ?? unknownRefusal(error, []));
}

/** Each failure of a call to AWS, by its code. */
export const AWS_FAILURES: Readonly<Record<string, () => Promise<Error>>> = {
    "aws-access-denied": () =>
        fromAws("AccessDenied", "User: arn is not authorized to perform: iam:GetRole on resource: r"),
    "aws-call-failed": () => fromAws("ServiceFailure", "internal failure"),
    "aws-credentials-expired": () => fromAws("ExpiredToken", "The security token included in the request is expired"),
    "aws-credentials-missing": () =>
        fromAws("CredentialsProviderError", "Could not load credentials from any providers"),
    "aws-credentials-refused": () => fromAws("InvalidClientTokenId", "The security token is invalid."),
    "aws-throttled": () => fromAws("Throttling", "Rate exceeded"),
    "aws-unreachable": () => fromAws("TimeoutError", "connect ETIMEDOUT"),
    "aws-region-unknown": () => withoutRegion(() => reasonOf(regionOf({}, {}))),
};

/** Failures whose message depends on more than the code. */
export const OTHER_AWS_FAILURES: readonly (readonly [code: string, advice: string, failure: () => Promise<Error>])[] = [
    [
        "aws-access-denied",
        "Run the same command again from a network that this policy admits",
        () =>
            fromAws(
                "AccessDenied",
                "User: arn is not authorized to perform: iam:GetRole on resource: r with an explicit deny in a service control policy",
            ),
    ],
    [
        "aws-access-denied",
        "name it in the role's trust policy",
        () => fromAws("AccessDenied", "User: arn is not authorized to perform: sts:AssumeRole on resource: r"),
    ],
    [
        "aws-credentials-expired",
        "run pulumi up, which saves them",
        () => Promise.resolve(refusalOf(named("ExpiredToken", "old"), "iam:GetRole", [], true) ?? new Error("none")),
    ],
];

/** The refusal of IAM to attach a policy. */
export function refusedAttachment(name: "LimitExceeded", role: string, policyArn: string): Promise<Error> {
    const send = ({ constructor }: object) =>
        constructor.name === "GetRoleCommand" ? Promise.resolve({ Role: {} }) : Promise.reject(named(name, "refused"));
    return reasonOf(attach(clientsOf({ iam: () => Promise.resolve({ send }) }), role, policyArn));
}

/** The answers of STS to the proof, by the code of the refusal. */
export const PROOF_FAILURES: Readonly<Record<string, () => Promise<Proof>>> = {
    "trust-refused": () => proofFrom("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"),
    "provider-missing": () =>
        proofFrom("InvalidIdentityToken", "No OpenIDConnect provider found in your account for I"),
    "token-refused": () => proofFrom("InvalidIdentityToken", "Incorrect token audience"),
    "sts-region-inactive": () => proofFrom("RegionDisabledException", "STS is not activated in this region"),
    "sts-unreachable": () => proofFrom("TimeoutError", "connect ETIMEDOUT"),
    "permission-missing": () => {
        const [action] = CNI_ACTIONS.ipv4;
        const tried = action === undefined ? [] : [{ action, outcome: "refused" as const, words: "denied" }];
        return Promise.resolve(verdictOf({ roleArn: "arn", tried, simulation: { notAllowed: "denied" } }));
    },
};

/** The role's session is denied from anywhere, as IAM's policy simulator says. */
export function deniedByOrganization(): Promise<Proof> {
    const [action] = CNI_ACTIONS.ipv4;
    const tried = action === undefined ? [] : [{ action, outcome: "refused" as const, words: "denied" }];
    const decisions = new Map(tried.map(({ action: { action: name } }) => [name, "deniedByOrganization" as const]));
    return Promise.resolve(verdictOf({ roleArn: "arn", tried, simulation: { decisions } }));
}

async function proofFrom(name: string, message: string): Promise<Proof> {
    const send = () => Promise.reject(named(name, message));
    const assumed = await assume(clientsOf({ anonymousSts: () => Promise.resolve({ send }) }), "arn", "token");
    if ("refused" in assumed) {
        return assumed.refused;
    }
    throw new Error("STS issues a session");
}

function clientsOf(clients: object): Clients {
    return { secrets: [], region: () => Promise.resolve("eu-west-1"), ...clients } as unknown as Clients;
}

async function reasonOf(failing: Promise<unknown>): Promise<Error> {
    try {
        await failing;
    } catch (error) {
        if (error instanceof Error) {
            return error;
        }
    }
    throw new Error("it does not fail");
}

async function withoutRegion<T>(act: () => Promise<T>): Promise<T> {
    process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] ??= "true";
    const names = ["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"];
    const before = names.map((name) => [name, process.env[name]] as const);
    names.forEach((name) => Reflect.deleteProperty(process.env, name));
    process.env["AWS_CONFIG_FILE"] = process.env["AWS_SHARED_CREDENTIALS_FILE"] = "/dev/null";
    try {
        return await act();
    } finally {
        for (const [name, value] of before) {
            Reflect.deleteProperty(process.env, name);
            Object.assign(process.env, value === undefined ? {} : { [name]: value });
        }
    }
}
